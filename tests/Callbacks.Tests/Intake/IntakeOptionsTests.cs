using Callbacks.Intake;
using Microsoft.Extensions.Options;

namespace Callbacks.Tests.Intake;

public sealed class IntakeOptionsTests
{
    [Theory]
    [InlineData("Intake:IdsMax", "0", "Intake:IdsMax is 0; allowed is 1 to 100000.")]
    [InlineData("Intake:BodyBytesMax", "-1", "Intake:BodyBytesMax is -1; allowed is 1024 to 16777216.")]
    [InlineData("Intake:ConnectionsMax", "1", "Intake:ConnectionsMax is 1; allowed is 4 to 100000.")]
    public async Task A_start_with_a_limit_out_of_range_is_refused_with_key_value_and_range(string key, string value, string message)
    {
        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => IntakeHost.StartAsync(new FakeLog(), [$"--{key}={value}"]));

        Assert.Equal(message, refused.Message);
    }

    [Fact]
    public void The_defaults_are_allowed() => Assert.True(new IntakeOptionsValidator().Validate(null, new IntakeOptions()).Succeeded);
}
