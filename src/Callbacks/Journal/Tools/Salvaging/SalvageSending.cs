namespace Callbacks.Journal.Tools.Salvaging;

/// <summary>Sends callbacks one after the other, not faster than is bearable beside the ordinary load, and says what became of each.</summary>
sealed class SalvageSending(CallbackPoster poster, double rate, int idsMax, TimeProvider time, TextWriter output, SalvageProgress? progress)
{
    long? _lastPost;

    /// <summary>False when it was ended before all were accepted; the last line tells how to go on.</summary>
    public async Task<bool> RunAsync(IReadOnlyList<SalvagedCallback> callbacks, CancellationToken stopping)
    {
        int accepted = 0;
        string? last = null;
        string problem = "Interrupted.";
        try
        {
            foreach (SalvagedCallback callback in callbacks)
            {
                List<string> ids = await SendAsync(callback, stopping);
                // What is said to be accepted is so, whatever happens next.
                progress?.Add(callback.Id);
                await output.WriteLineAsync($"{callback.Id} accepted as {string.Join(", ", ids)}: {Text.Count(callback.Ids.Length, "id")}");
                await output.FlushAsync(CancellationToken.None);
                (last, accepted) = (callback.Id, accepted + 1);
            }

            await output.WriteLineAsync($"All {Text.Count(accepted, "callback")} accepted.");
            return true;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Said below.
        }
        catch (ToolException exception)
        {
            problem = exception.Message;
        }

        await output.WriteLineAsync(problem);
        await output.WriteLineAsync(
            $"{Text.Count(accepted, "callback")} of {Text.Number(callbacks.Count)} accepted. {(last is null ? "Nothing of it was recorded; start anew." : $"Go on with --after {last}{(progress is null ? "" : ", or the same --progress")}.")}");
        return false;
    }

    async Task<List<string>> SendAsync(SalvagedCallback callback, CancellationToken stopping)
    {
        var ids = new List<string>();
        for (int start = 0; start < callback.Ids.Length; start += idsMax)
        {
            await PaceAsync(stopping);
            ids.Add(await poster.PostAsync(callback.Ids.AsMemory(start, Math.Min(idsMax, callback.Ids.Length - start)), stopping));
        }

        return ids;
    }

    async Task PaceAsync(CancellationToken stopping)
    {
        TimeSpan early = _lastPost is { } last ? TimeSpan.FromSeconds(1 / rate) - time.GetElapsedTime(last) : TimeSpan.Zero;
        if (early > TimeSpan.Zero)
            await Task.Delay(early, time, stopping);
        _lastPost = time.GetTimestamp();
    }
}
