using System.Net;
using System.Net.Sockets;
using System.Text;
using Callbacks.Fixtures;
using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;
using Callbacks.SystemTests.Faults;
using Callbacks.SystemTests.Local;

namespace Callbacks.SystemTests.Deploy;

/// <summary>The published service as <c>deploy/</c> has it run, as far as that can be had without systemd and without a container engine.</summary>
public sealed class DeployedServiceTests : IDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    readonly string _folder = Directory.CreateTempSubdirectory($"callback-test-{Environment.ProcessId}-deploy-").FullName;
    readonly int _port = FreePort.Take();
    readonly Transcript _lines = new();
    readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };

    string Url => $"http://127.0.0.1:{_port}";

    // Neither an upstream nor PostgreSQL: callbacks are accepted without them.
    string[] Flags => [$"--Journal:Directory={Path.Combine(_folder, "journal")}", $"--Lookup:BaseUrl=http://127.0.0.1:{FreePort.Take()}", "--Store:ConnectionString=Host=127.0.0.1;Port=1"];

    public void Dispose()
    {
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task It_tells_systemd_when_it_accepts_and_when_no_longer()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        string path = Path.Combine(_folder, "notify");
        socket.Bind(new UnixDomainSocketEndPoint(path));
        ChildStart start = Programs.Service([$"--urls={Url}", .. Flags]);
        await using ChildProcess service = ChildProcess.Start(start with
        {
            Environment = new Dictionary<string, string?>(start.Environment, StringComparer.Ordinal) { ["NOTIFY_SOCKET"] = path },
            OnLine = _lines.Add,
        });

        Assert.Equal("READY=1", await ReceiveAsync());
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync());
        Assert.Equal(0, await service.StopAsync(Signal.Terminate, Deadline));
        Assert.Equal("STOPPING=1", await ReceiveAsync());

        async Task<string> ReceiveAsync()
        {
            byte[] buffer = new byte[256];
            int length = await socket.ReceiveAsync(buffer, SocketFlags.None).WaitAsync(Deadline);
            return Encoding.UTF8.GetString(buffer, 0, length).Trim();
        }
    }

    [Fact]
    public async Task It_makes_no_system_call_that_its_unit_forbids_beyond_those_it_can_do_without()
    {
        Strace.Require();
        string trace = Path.Combine(_folder, "trace");
        await using (ChildProcess service = Start(["strace", "-f", "-qq", "-o", trace]))
        {
            await ReadyAsync();
            Assert.Equal(HttpStatusCode.Accepted, await PostAsync());
            await _client.GetStringAsync(new Uri($"{Url}/metrics"));
            Assert.Equal(0, await StopTracedAsync(service));
        }

        HashSet<string> allowed = await UnitFilter.ReadAsync();
        // Each line is "1234  call(...", or "1234  <... call resumed>".
        IEnumerable<string> made = File.ReadLines(trace).Select(line => line.Split(' ', 2)[1].TrimStart()).Where(call => call[0] is >= 'a' and <= 'z' && call.Contains('(', StringComparison.Ordinal))
            .Select(call => call[..call.IndexOf('(', StringComparison.Ordinal)]).Distinct(StringComparer.Ordinal);
        // Refused with EPERM, it goes on without; the next test refuses it.
        Assert.DoesNotContain(made, call => !allowed.Contains(call) && call != "sched_setscheduler");
        Assert.Contains("fdatasync", allowed);
        Assert.DoesNotContain("mount", allowed);
    }

    [Fact]
    public async Task It_runs_as_somebody_else_without_privileges_on_a_file_system_that_it_can_not_write_to_but_for_its_journal()
    {
        Root.Require();
        Strace.Require();
        string journal = Path.Combine(_folder, "journal");
        Directory.CreateDirectory(journal);
        const string Confine = """
            set -e
            mount --make-rprivate /
            mount --bind "$0" "$0"
            chown 1654:1654 "$0"
            chmod 711 "$(dirname "$0")"
            mount -o bind,remount,ro /
            if touch "$(dirname "$0")/x" 2>/dev/null; then echo 'It can be written to.'; exit 1; fi
            export DOTNET_EnableDiagnostics=0
            exec setpriv --reuid=1654 --regid=1654 --clear-groups --bounding-set=-all --no-new-privs -- \
              strace -f -qq -o /dev/null -e trace=sched_setscheduler -e inject=sched_setscheduler:error=EPERM "$@"
            """;
        await using ChildProcess service = Start(["unshare", "--mount", "sh", "-c", Confine, journal]);
        await ReadyAsync();
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync());
        Assert.Equal(0, await StopTracedAsync(service));
    }

    [Fact]
    public async Task Its_health_check_needs_nothing_but_itself()
    {
        Assert.Equal(1, (await ChildProcess.RunAsync(Programs.Service("ready", Url))).ExitCode);
        await using ChildProcess service = Start([]);
        await ReadyAsync();
        (int exitCode, string said) = await ChildProcess.RunAsync(Programs.Service("ready", Url));
        Assert.True(exitCode == 0, said);
        Assert.Contains("\"status\": \"ready", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_takes_the_socket_that_systemd_holds()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-socket-activate") || Environment.GetEnvironmentVariable("CI") is "true", "systemd-socket-activate is needed (Debian: apt-get install systemd).");
        ChildStart program = Programs.Service(Flags);
        // It starts the service with the first connection, which waits for it.
        await using ChildProcess service = ChildProcess.Start(Programs.Within(["systemd-socket-activate", $"--listen=127.0.0.1:{_port}"], program) with { OnLine = _lines.Add });
        await ReadyAsync();
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync());
    }

    /// <summary>strace keeps signals off itself, and when killed lets go of the service, which would go on for ever.</summary>
    /// <returns>The service's exit code.</returns>
    static async Task<int> StopTracedAsync(ChildProcess strace)
    {
        foreach (int id in Processes.ChildrenOf(strace.Id))
            await ChildProcess.RunAsync(new ChildStart("kill", "-TERM", $"{id}"));
        return await strace.Exited.WaitAsync(Deadline);
    }

    ChildProcess Start(string[] within) =>
        ChildProcess.Start(Programs.Within(within, Programs.Service([$"--urls={Url}", .. Flags])) with { OnLine = _lines.Add });

    Task ReadyAsync() => Eventually.TrueAsync(
        async () => (await _client.GetAsync(new Uri($"{Url}/readyz"))).IsSuccessStatusCode, Deadline, () => $"the service is ready. It said:\n{_lines}");

    async Task<HttpStatusCode> PostAsync()
    {
        using HttpResponseMessage response = await Eventually.AnsweredInTimeAsync(
            async () =>
            {
                using var body = new StringContent("""{"object_ids":[1,2]}""");
                return await _client.PostAsync(new Uri($"{Url}/callback"), body);
            },
            Deadline);
        return response.StatusCode;
    }
}
