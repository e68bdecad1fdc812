using System.Net;
using System.Net.Sockets;
using Callbacks.Configuration;
using Callbacks.Fixtures;
using Callbacks.Intake;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Callbacks.Tests.Intake;

public sealed class ListenCheckTests
{
    [Fact]
    public async Task A_free_address_is_free_before_and_after()
    {
        string url = $"http://localhost:{FreePort.Take()}";
        for (int i = 0; i < 2; i++)
        {
            CheckResult result = await CheckAsync(url);
            Assert.True(result.IsOk, result.Text);
            Assert.Equal($"{url} is free.", result.Text);
        }
    }

    [Fact]
    public async Task A_port_that_something_else_has_is_said()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        CheckResult result = await CheckAsync($"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");
        Assert.False(result.IsOk);
        Assert.Contains("is taken by something else", result.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "status": "alive", "reasons": [] }""", true)]
    [InlineData("hello", false)]
    public async Task A_port_that_a_running_service_has_is_as_it_should_be(string livez, bool isOk)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication other = builder.Build();
        other.Run(context => context.Response.WriteAsync(context.Request.Path == "/livez" ? livez : ""));
        await other.StartAsync();
        CheckResult result = await CheckAsync(other.Urls.Single());
        Assert.Equal(isOk, result.IsOk);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_said()
    {
        // Of the range that is set aside for examples.
        CheckResult result = await CheckAsync("http://192.0.2.1:8080");
        Assert.False(result.IsOk);
        Assert.Contains("can't be listened on", result.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("https://localhost:9090")]
    [InlineData("http://localhost:9090/base")]
    [InlineData("http://localhost:99999")]
    [InlineData("http://localhost:0")]
    [InlineData("http://localhost:9090;ftp://localhost")]
    public void An_address_that_the_server_would_end_with_is_refused_before(string urls)
    {
        var result = new ListenAddresses(Of(urls)).Validate(null, new IntakeOptions());
        Assert.StartsWith("urls is '", Assert.Single(result.Failures!), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:9090")]
    [InlineData("http://*:80;http://[::1]:81")]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://unix:/tmp/callback.sock")]
    public void An_address_that_can_be_listened_on_is_not(string urls) => Assert.True(new ListenAddresses(Of(urls)).Validate(null, new IntakeOptions()).Succeeded);

    [Fact]
    public void TLS_of_its_own_is_refused_also_as_a_port()
    {
        IConfiguration ports = new ConfigurationBuilder().AddInMemoryCollection([new("http_ports", "8080"), new("https_ports", "8443")]).Build();
        Assert.StartsWith("https_ports is 'https://*:8443'", Assert.Single(new ListenAddresses(ports).Validate(null, new IntakeOptions()).Failures!), StringComparison.Ordinal);
    }

    static IConfiguration Of(string urls) => new ConfigurationBuilder().AddInMemoryCollection([new("urls", urls)]).Build();

    static async Task<CheckResult> CheckAsync(string urls) => (await new ListenCheck(Of(urls)).RunAsync(CancellationToken.None))!;
}
