using Callbacks.Store;
using Microsoft.Extensions.Options;

namespace Callbacks.Tests.Store;

public sealed class StoreOptionsTests
{
    const string Good = "Host=localhost;Database=callbacks;Username=callbacks;Password=secret";

    [Fact]
    public void The_defaults_need_no_more_than_a_connection_string() => Assert.Empty(new StoreOptions { ConnectionString = Good }.FindErrors());

    [Theory]
    [InlineData("", "Store:ConnectionString is empty")]
    [InlineData("nonsense secret", "Store:ConnectionString can't be parsed")]
    [InlineData("Port=secret;Host=a", "Store:ConnectionString can't be parsed")]
    [InlineData("Database=callbacks;Password=secret", "Store:ConnectionString is 'Database=callbacks;Password=***', which names no Host")]
    [InlineData("Host=a;Connection Idle Lifetime=5;Password=secret", "Store:ConnectionString is 'Host=a;Connection Idle Lifetime=5;Password=***', which can't be used: ")]
    [InlineData("Host=a;SSL Negotiation=Direct;Password=secret", "Store:ConnectionString is 'Host=a;SSL Negotiation=Direct;Password=***', which can't be used: ")]
    public void A_connection_string_that_can_not_be_used_is_refused_without_repeating_its_password(string connectionString, string error)
    {
        string only = Assert.Single(new StoreOptions { ConnectionString = connectionString }.FindErrors());
        Assert.StartsWith(error, only, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", only, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("/var/run/postgresql", false)]
    [InlineData("@callbacks", false)]
    public async Task A_unix_socket_is_not_given_options_of_TCP(string host, bool isTcp)
    {
        await using var connections = new StoreConnections(Options.Create(new StoreOptions { ConnectionString = $"Host={host}" }));
        Assert.All(
            [connections.Writer, connections.Sweep, connections.View],
            pool => Assert.Equal(isTcp, pool.ConnectionString.Contains("TCP Keepalive=True", StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public void Each_value_out_of_range_is_named_with_its_range()
    {
        var options = new StoreOptions
        {
            ConnectionString = Good,
            BatchRowsMax = 0,
            Keep = (Keep)7,
            ConnectTimeout = TimeSpan.FromMilliseconds(1_500),
            CommandTimeout = TimeSpan.FromHours(1),
        };
        Assert.Equal(
            [
                "Store:Keep is 7; it must be Online or All.",
                "Store:BatchRowsMax is 0; it must be 1 to 100,000.",
                "Store:ConnectTimeout is 00:00:01.5; it must be 00:00:01 to 00:01:00, in whole seconds.",
                "Store:CommandTimeout is 01:00:00; it must be 00:00:01 to 00:01:00, in whole seconds.",
            ],
            options.FindErrors(),
            StringComparer.Ordinal);
    }
}
