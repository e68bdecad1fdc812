using Callbacks.Intake;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Options;

namespace Callbacks.Tests.Intake;

public sealed class IntakeOptionsTests
{
    [Theory]
    [InlineData("Intake:IdsMax", "0", "Intake:IdsMax is 0; it must be 1 to 100,000.")]
    [InlineData("Intake:BodyBytesMax", "-1", "Intake:BodyBytesMax is -1; it must be 1,024 to 16,777,216.")]
    [InlineData("Intake:ConnectionsMax", "1", "Intake:ConnectionsMax is 1; it must be 4 to 100,000.")]
    public async Task A_start_with_a_limit_out_of_range_is_refused_with_key_value_and_range(string key, string value, string message)
    {
        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => IntakeHost.StartAsync(new FakeLog(), [$"--{key}={value}"]));

        Assert.Equal(message, refused.Message);
    }

    [Theory]
    [InlineData(null, "http://localhost:9090")]
    [InlineData("http://127.0.0.1:1234", "http://127.0.0.1:1234")]
    public void The_address_is_the_one_given_or_the_default(string? given, string expected)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(given is null ? [] : ["--urls", given]);
        builder.AddIntake();

        Assert.Equal(expected, builder.WebHost.GetSetting(WebHostDefaults.ServerUrlsKey));
    }

    [Fact]
    public void The_defaults_are_allowed() => Assert.Empty(new IntakeOptions().FindErrors());
}
