using System.Collections.ObjectModel;
using System.Security.Cryptography;
using Npgsql;

namespace Callbacks.Local;

/// <summary>
/// A PostgreSQL of our own: its data in one folder, its server a child of this process, reachable on 127.0.0.1 only. Durability
/// settings are PostgreSQL's defaults. Starting is safe to repeat after any crash; what was committed before it is there.
/// </summary>
sealed class PrivateCluster : IAsyncDisposable
{
    /// <summary>The role that owns everything; the only one there is.</summary>
    public const string Role = "callback";

    // PostgreSQL refuses to run as root; its packages make this account.
    const string Account = "postgres";

    const string PasswordFile = "callback.password";
    const int TailLinesMax = 12;

    // Recovery after a crash reads the log since the last checkpoint (5 minutes' worth by default) and is seldom beyond seconds.
    static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);
    static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    static readonly TimeSpan OrphanPatience = TimeSpan.FromSeconds(10);
    static readonly TimeSpan OrphanRetryDelay = TimeSpan.FromMilliseconds(50);

    readonly string _folder;
    readonly Queue<string> _tail = new();
    ChildProcess? _server;

    /// <param name="folder">Made when missing; as root it belongs to <c>postgres</c> afterwards, who must be able to reach it.</param>
    /// <param name="port">On 127.0.0.1.</param>
    public PrivateCluster(string folder, int port)
    {
        _folder = Path.GetFullPath(folder);
        Port = port;
    }

    public int Port { get; }

    /// <summary>Server settings over the defaults, such as <c>max_connections</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Receives the server's log, line by line.</summary>
    public Action<string>? OnLine { get; init; }

    /// <summary>Of the postmaster; null before the first start.</summary>
    public int? ProcessId => _server?.Id;

    /// <summary>Completes when the server that was started last has ended.</summary>
    public Task<int> Exited => _server?.Exited ?? throw new InvalidOperationException("PostgreSQL was not started.");

    string Data => Path.Combine(_folder, "data");

    static bool IsRoot => Environment.IsPrivilegedProcess;

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = Role,
        Password = ReadPassword(),
        Database = database,
    }.ConnectionString;

    /// <summary>For <c>psql</c>.</summary>
    public string Uri(string database) => $"postgresql://{Role}:{ReadPassword()}@127.0.0.1:{Port}/{database}";

    /// <summary>Makes the cluster when there is none, starts its server, and returns when it takes connections.</summary>
    /// <exception cref="LocalException">It can't; the message says why in one line, with what to do where we know.</exception>
    public async Task StartAsync(CancellationToken stop = default)
    {
        if (_server is { Exited.IsCompleted: false })
            throw new InvalidOperationException("PostgreSQL is running already.");

        await MakeFolderAsync(stop);
        ServerPrograms programs = await ChooseProgramsAsync(stop);
        if (!Directory.Exists(Data))
            await InitAsync(programs, stop);
        await EndLeftOverServerAsync(stop);

        using var orphans = new CancellationTokenSource(OrphanPatience);
        while (!await TryStartServerAsync(programs, stop))
        {
            // A postmaster that was killed leaves children, which end by themselves as soon as they notice; until then they hold
            // the shared memory. There is no signal to wait for, as they are nobody's children now.
            string tail = Tail();
            if (tail.Contains("Address already in use", StringComparison.Ordinal))
                throw new PortTakenException(Port);
            if (!tail.Contains("is still in use", StringComparison.Ordinal) || orphans.IsCancellationRequested)
                throw new LocalException($"PostgreSQL did not start: {tail}");
            await Task.Delay(OrphanRetryDelay, stop);
        }
    }

    /// <summary>Ends all sessions and writes a checkpoint.</summary>
    public Task StopAsync() => StopAsync(Signal.Interrupt);

    /// <summary>Ends at once, as in a crash, though in good order; the next start recovers.</summary>
    public Task StopImmediatelyAsync() => StopAsync(Signal.Quit);

    /// <summary>Kills the postmaster. Its children notice and end.</summary>
    public Task KillAsync() => StopAsync(Signal.Kill);

    public async Task RestartAsync(CancellationToken stop = default)
    {
        await StopAsync();
        await StartAsync(stop);
    }

    /// <summary>Does nothing when the database exists.</summary>
    public async Task CreateDatabaseAsync(string name, CancellationToken stop = default)
    {
        // Without a pool: nothing is left that would go stale when the server restarts.
        string connectionString = new NpgsqlConnectionStringBuilder(ConnectionString("postgres")) { Pooling = false }.ConnectionString;
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connectionString);
        await using NpgsqlCommand find = source.CreateCommand("select from pg_database where datname = $1");
        find.Parameters.Add(new() { Value = name });
        await using (NpgsqlDataReader found = await find.ExecuteReaderAsync(stop))
        {
            if (await found.ReadAsync(stop))
                return;
        }

        string quoted = name.Replace("\"", "\"\"", StringComparison.Ordinal);
        await using NpgsqlCommand create = source.CreateCommand($"create database \"{quoted}\"");
        await create.ExecuteNonQueryAsync(stop);
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    async Task StopAsync(Signal signal)
    {
        if (_server is not null)
            await _server.StopAsync(signal, StopPatience);
    }

    async Task MakeFolderAsync(CancellationToken stop)
    {
        if (!IsRoot)
        {
            Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return;
        }

        await RunAsync(new ChildStart("install", "-d", "-o", Account, "-g", Account, "-m", "700", _folder), stop);
        (int exitCode, _) = await ChildProcess.RunAsync(new ChildStart("test", "-x", _folder) { Account = Account, WorkingDirectory = "/" }, stop);
        if (exitCode != 0)
            throw new LocalException($"The account {Account} can't reach {_folder}: choose a folder outside of any private one (CALLBACK_HOME).");
    }

    async Task<ServerPrograms> ChooseProgramsAsync(CancellationToken stop)
    {
        ServerPrograms[] all = [.. ServerPrograms.FindAll()];
        if (all.Length == 0)
            throw new MissingServerException();
        string versionFile = Path.Combine(Data, "PG_VERSION");
        if (!File.Exists(versionFile))
            return all[0];

        string needed = (await File.ReadAllTextAsync(versionFile, stop)).Trim();
        foreach (ServerPrograms programs in all)
        {
            if (string.Equals(await programs.ReadMajorVersionAsync(stop), needed, StringComparison.Ordinal))
                return programs;
        }

        throw new LocalException($"{Data} was made by PostgreSQL {needed}, which is not installed: install it, or move that folder away.");
    }

    // Made under another name and renamed: a half-finished one is never taken for whole, and its password can't be lost without it.
    async Task InitAsync(ServerPrograms programs, CancellationToken stop)
    {
        string unfinished = Data + ".unfinished";
        string password = Path.Combine(_folder, PasswordFile);
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);

        // A password rather than "trust": other accounts of this machine reach 127.0.0.1 as well, and whoever is let in here could
        // run programs as the server's account.
        File.Delete(password);
        await File.WriteAllTextAsync(password, "", stop);
        File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(password, RandomNumberGenerator.GetHexString(24, lowercase: true), stop);
        if (IsRoot)
            await RunAsync(new ChildStart("chown", $"{Account}:{Account}", password), stop);

        await RunAsync(
            Server(programs.Initdb, "-D", unfinished, "-U", Role, "--auth=scram-sha-256", $"--pwfile={password}", "--encoding=UTF8", "--locale=C"),
            stop);
        File.Move(password, Path.Combine(unfinished, PasswordFile));
        Directory.Move(unfinished, Data);
    }

    // PostgreSQL refuses to start while the process id in its pid file is alive. That may be a server of ours, whose parent was
    // killed and which is stopping, or a stranger that was given the same number (after a reboot, or in a container).
    async Task EndLeftOverServerAsync(CancellationToken stop)
    {
        string pidFile = Path.Combine(Data, "postmaster.pid");
        if (!File.Exists(pidFile) || !int.TryParse((await File.ReadAllLinesAsync(pidFile, stop)).FirstOrDefault(), out int id))
            return;

        string commandLine;
        try
        {
            commandLine = await File.ReadAllTextAsync($"/proc/{id}/cmdline", stop);
        }
        catch (IOException)
        {
            return; // It's gone, and PostgreSQL sees to its pid file itself.
        }

        if (!commandLine.Contains($"\0-D\0{Data}\0", StringComparison.Ordinal))
        {
            File.Delete(pidFile);
            return;
        }

        try
        {
            using var server = System.Diagnostics.Process.GetProcessById(id);
            _ = Libc.Kill(id, (int)Signal.Interrupt);
            await server.WaitForExitAsync(stop).WaitAsync(StopPatience, stop);
        }
        catch (ArgumentException)
        {
            // It ended in between.
        }
        catch (TimeoutException)
        {
            throw new LocalException($"A PostgreSQL (process {id}) is running in {Data} and does not stop.");
        }
    }

    async Task<bool> TryStartServerAsync(ServerPrograms programs, CancellationToken stop)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_tail)
            _tail.Clear();
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["port"] = Port.ToString(),
            ["listen_addresses"] = "127.0.0.1",
            // No socket file: its path may have 107 bytes at most, which a folder chosen by somebody else needn't respect.
            ["unix_socket_directories"] = "",
            ["logging_collector"] = "off",
            ["log_destination"] = "stderr",
            ["log_timezone"] = "UTC",
            ["timezone"] = "UTC",
        };
        foreach ((string name, string value) in Settings)
            settings[name] = value;

        string[] flags = ["-D", Data, .. settings.SelectMany(setting => new[] { "-c", $"{setting.Key}={setting.Value}" })];
        _server = ChildProcess.Start(Server(programs.Postgres, flags) with { OnLine = OnServerLine });
        try
        {
            await Task.WhenAny(ready.Task, _server.Exited).WaitAsync(StartTimeout, stop);
        }
        catch (Exception exception)
        {
            await StopImmediatelyAsync();
            if (exception is TimeoutException)
                throw new LocalException($"PostgreSQL is not ready {StartTimeout.TotalSeconds:F0} s after its start.");
            throw;
        }

        return ready.Task.IsCompleted;

        void OnServerLine(string line)
        {
            lock (_tail)
            {
                _tail.Enqueue(line);
                if (_tail.Count > TailLinesMax)
                    _tail.Dequeue();
            }

            if (line.Contains("database system is ready to accept connections", StringComparison.Ordinal))
                ready.TrySetResult();
            OnLine?.Invoke(line);
        }
    }

    // A fast shutdown when this process dies. The account may not enter the current folder; the messages that we read are in English.
    static ChildStart Server(string program, params string[] arguments) => new(program, arguments)
    {
        Account = IsRoot ? Account : null,
        DeathSignal = Signal.Interrupt,
        WorkingDirectory = "/",
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["LC_ALL"] = "C" },
    };

    static async Task RunAsync(ChildStart start, CancellationToken stop)
    {
        (int exitCode, string output) = await ChildProcess.RunAsync(start, stop);
        if (exitCode != 0)
            throw new LocalException($"{Path.GetFileName(start.FileName)} failed ({exitCode}): {output.ReplaceLineEndings(" | ")}");
    }

    string Tail()
    {
        lock (_tail)
            return string.Join(" | ", _tail);
    }

    string ReadPassword() => File.ReadAllText(Path.Combine(Data, PasswordFile));
}
