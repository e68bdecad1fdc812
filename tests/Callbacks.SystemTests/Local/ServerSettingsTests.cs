using Callbacks.Local;

namespace Callbacks.SystemTests.Local;

public sealed class ServerSettingsTests
{
    [Theory]
    [InlineData(512, 128)]
    [InlineData(4096, 512)]
    [InlineData(1 << 20, 2048)]
    public void Buffers_are_an_eighth_of_the_memory_within_bounds(long mebibytes, int buffers) =>
        Assert.Equal($"{buffers}MB", ServerSettings.For(mebibytes << 20)["shared_buffers"]);
}
