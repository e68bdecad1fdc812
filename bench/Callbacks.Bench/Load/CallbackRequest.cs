using System.Text;

namespace Callbacks.Bench.Load;

/// <summary>Requests, as bytes.</summary>
static class CallbackRequest
{
    public static byte[] Of(IEnumerable<long> ids)
    {
        string body = $$"""{"object_ids":[{{string.Join(',', ids)}}]}""";
        return Encoding.ASCII.GetBytes($"POST /callback HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    /// <summary>The n-th of callbacks whose ids are all different, and all even, so that all are online.</summary>
    public static byte[] Distinct(long number, int ids, long firstId = 0)
    {
        var all = new long[ids];
        for (int i = 0; i < ids; i++)
            all[i] = firstId + FirstId(number, ids) + 2 * i;
        return Of(all);
    }

    /// <summary>Of the n-th.</summary>
    public static long FirstId(long number, int ids) => 2 * number * ids;
}
