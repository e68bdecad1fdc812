using Callbacks.Configuration;

namespace Callbacks.Tests.Configuration;

public sealed class SecretsTests
{
    [Theory]
    [InlineData("many", "many")]
    [InlineData("http://localhost:9010/", "http://localhost:9010/")]
    [InlineData("http://auth:9010/", "http://auth:9010/")]
    [InlineData("a\nb", "a b")]
    [InlineData("http://user:secret@host/", "http://***@host/")]
    [InlineData("http://user:secr@et/secret@host/", "http://***@host/")]
    [InlineData("user:secret@host:9010", "***@host:9010")]
    [InlineData("--Lookup:BaseUrl=user:se:cr/et@host", "***@host")]
    [InlineData("http://host/?secret", "http://host/?***")]
    [InlineData("http://host/#secret", "http://host/#***")]
    [InlineData("Host=a;Password=secret;Port=1", "Host=a;Password=***")]
    [InlineData("host=a;PWD = \"a;secret\"", "host=a;PWD =***")]
    [InlineData("api-key=secret", "api-key=***")]
    [InlineData("Authorization=Bearer secret", "Authorization=***")]
    [InlineData("access_token=secret", "access_token=***")]
    public void What_may_be_a_secret_is_left_out_of_one_line(string text, string shown) => Assert.Equal(shown, Secrets.Mask(text));

    [Fact]
    public void What_is_very_long_is_cut() => Assert.InRange(Secrets.Mask(new string('x', 100_000)).Length, 1, 400);
}
