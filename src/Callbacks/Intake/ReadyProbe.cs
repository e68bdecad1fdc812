namespace Callbacks.Intake;

/// <summary>
/// <c>callback ready [ADDRESS]</c>: asks a running service whether it accepts callbacks. For the health check of a container whose image has
/// neither a shell nor <c>curl</c>.
/// </summary>
static class ReadyProbe
{
    /// <summary>Returns the exit code: 0 when it accepts, 1 when it doesn't, or nobody answers in time.</summary>
    public static async Task<int> RunAsync(string address)
    {
        // The endpoint answers within a second, or something is wrong.
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            using HttpResponseMessage response = await client.GetAsync(new Uri(new Uri(address), "/readyz"));
            await Console.Out.WriteLineAsync(await response.Content.ReadAsStringAsync());
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or UriFormatException or NotSupportedException)
        {
            await Console.Error.WriteLineAsync($"{address}: {exception.Message}");
            return 1;
        }
    }
}
