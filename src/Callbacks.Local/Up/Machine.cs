using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Callbacks.Local.Up;

/// <summary>Everything that one machine needs for callbacks to be received, looked up and stored, started and stopped in order.</summary>
sealed class Machine(UpOptions options, Terminal terminal, TimeProvider time)
{
    const string Database = "callback";

    static readonly TimeSpan ServicePatience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan TesterPatience = TimeSpan.FromSeconds(3);

    // Children of an `up` that was killed a moment ago let go of their ports a moment later.
    static readonly TimeSpan PortPatience = TimeSpan.FromSeconds(2);
    static readonly TimeSpan PortRetryDelay = TimeSpan.FromMilliseconds(100);

    // Its output is a pipe to here, and from here on a person's. Flags, as the name of one is none for an environment variable.
    static readonly string[] LogForReaders = ["--Logging:Console:FormatterName=simple", "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Warning"];

    const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    readonly List<LogFile> _logs = [];

    string LogFolder => Path.Combine(options.Home, "log");

    /// <summary>Returns when stopped, with everything that was started gone.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        long began = time.GetTimestamp();
        await using FileStream mine = TakeHome();
        using HeldSocket socket = await ListenAsync(options.Port, "--port", stopping);
        (await ListenAsync(options.TesterPort, "--tester-port", stopping)).Dispose();
        using var readiness = new Readiness(new Uri($"http://localhost:{options.Port}/readyz"), terminal, time);

        var cluster = new PrivateCluster(Path.Combine(options.Home, "postgresql"), options.PostgreSqlPort)
        {
            Settings = ServerSettings.Here,
            OnLine = Log("postgresql"),
        };
        var postgreSql = new Part("PostgreSQL", async stop => { await cluster.StartAsync(stop); return cluster.Exited; }, cluster.StopAsync, terminal, time);
        Part serve = ChildPart("The tester", TesterPatience, Dotnet(options.Tester, "serve", "--url", $"http://localhost:{options.TesterPort}") with
        {
            OnLine = Log("tester-serve"),
        });
        Action<string> serviceLog = Log("service");
        Part service = ChildPart("The service", ServicePatience, () => Service(cluster, socket, serviceLog));
        Part send = ChildPart("The sender", TesterPatience, Dotnet(options.Tester, "send", "--quiet", "--url", $"http://localhost:{options.Port}") with
        {
            OnLine = Log("tester-send"),
        });

        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Part[] inOrderOfStart = [postgreSql, serve, service, send];
        var running = new List<Task>();
        try
        {
            terminal.Say($"Callbacks: starting what it takes; everything is kept in {options.Home}.");
            await StartAsync(postgreSql);
            await cluster.CreateDatabaseAsync(Database, end.Token);
            terminal.Say($"  PostgreSQL  127.0.0.1:{options.PostgreSqlPort}");
            await StartAsync(serve);
            terminal.Say($"  tester      http://localhost:{options.TesterPort}  (answers lookups; sends a callback every 5 s)");
            await StartAsync(service);
            terminal.Say($"  service     http://localhost:{options.Port}");
            running.Add(readiness.FollowAsync(end.Token));
            await await Task.WhenAny([readiness.First, .. running]);
            await StartAsync(send);
            SayReady(cluster, time.GetElapsedTime(began));
            await await Task.WhenAny(running);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (PortTakenException e)
        {
            throw new LocalException($"{e.Message} Stop it, or: ./callback up --postgresql-port {e.Port + 1}");
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (Part part in inOrderOfStart.Reverse())
                await part.StopAsync();
            foreach (LogFile log in _logs)
                log.Dispose();
        }

        terminal.Say("Stopped. Run it again to go on with the same data.");

        async Task StartAsync(Part part)
        {
            await part.StartAsync(end.Token);
            running.Add(part.KeepAsync(end.Token));
        }
    }

    void SayReady(PrivateCluster cluster, TimeSpan took) => terminal.Say($"""

        Ready after {took.TotalSeconds:0.0} s. Send a callback, and see what is stored:

          curl -i http://localhost:{options.Port}/callback -d {"'{\"object_ids\":[1,2,3,4]}'"}
          psql {cluster.Uri(Database)} -c 'select * from objects order by last_seen desc limit 10'

        Ctrl-C stops everything. The service's log follows; all logs are in {LogFolder}.

        """);

    // Two at once would fight over PostgreSQL's data. The kernel lets go of the lock with the process.
    FileStream TakeHome()
    {
        try
        {
            bool isNew = !Directory.Exists(options.Home);
            Directory.CreateDirectory(LogFolder);
            // The account of PostgreSQL has to get through, whatever root's umask is.
            if (isNew && Environment.IsPrivilegedProcess)
                File.SetUnixFileMode(options.Home, Passable);
            return new FileStream(Path.Combine(options.Home, "up.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException)
        {
            throw new LocalException($"{options.Home} can't be written to: choose another folder (CALLBACK_HOME=...).");
        }
        catch (IOException e)
        {
            throw new LocalException($"{options.Home} can't be used, perhaps because another ./callback up uses it ({e.Message}).");
        }
    }

    async Task<HeldSocket> ListenAsync(int port, string flag, CancellationToken stopping)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return HeldSocket.Listen(port);
            }
            catch (SocketException) when (time.GetElapsedTime(began) < PortPatience)
            {
                await Task.Delay(PortRetryDelay, time, stopping);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new LocalException($"{new PortTakenException(port).Message} Stop it, or: ./callback up {flag} {port + 1}");
            }
            catch (SocketException e)
            {
                throw new LocalException($"Port {port} can't be used: {e.Message}. Another one: ./callback up {flag} {port + 1}");
            }
        }
    }

    ChildStart Service(PrivateCluster cluster, HeldSocket socket, Action<string> log) => Dotnet(options.Service, [.. LogForReaders]) with
    {
        Socket = socket,
        WorkingDirectory = Path.GetDirectoryName(Path.GetFullPath(options.Service)),
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Store__ConnectionString"] = cluster.ConnectionString(Database),
            ["Journal__Directory"] = Path.Combine(options.Home, "journal"),
            ["Lookup__BaseUrl"] = $"http://localhost:{options.TesterPort}/",
            [ServiceRuntime.Gen1MaxBudgetName] = ServiceRuntime.Gen1MaxBudgetHere,
            // The socket that it's handed is its address.
            ["ASPNETCORE_URLS"] = null,
        },
        OnLine = line =>
        {
            log(line);
            terminal.Say(line);
        },
    };

    // The host that runs this very process; `dotnet` need not be on PATH.
    static ChildStart Dotnet(string program, params string[] arguments) =>
        new(Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet")), [Path.GetFullPath(program), .. arguments]);

    Part ChildPart(string name, TimeSpan patience, ChildStart start) => ChildPart(name, patience, () => start);

    Part ChildPart(string name, TimeSpan patience, Func<ChildStart> start)
    {
        ChildProcess? child = null;
        return new Part(
            name,
            _ =>
            {
                child = ChildProcess.Start(start());
                return Task.FromResult(child.Exited);
            },
            () => child?.StopAsync(Signal.Terminate, patience) ?? Task.CompletedTask,
            terminal,
            time);
    }

    Action<string> Log(string name)
    {
        Directory.CreateDirectory(LogFolder);
        var log = new LogFile(Path.Combine(LogFolder, name + ".log"));
        _logs.Add(log);
        return log.Write;
    }
}
