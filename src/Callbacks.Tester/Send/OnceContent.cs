using System.Net;
using System.Net.Http.Headers;

namespace Callbacks.Tester.Send;

/// <summary>
/// A body that goes out once. SocketsHttpHandler sends a request again by itself when a kept-alive connection turns out to be dead before
/// the body was begun; a second time after that would be a second callback that nobody counted, so it is refused here.
/// </summary>
sealed class OnceContent : HttpContent
{
    readonly byte[] _body;
    bool _sent;

    public OnceContent(byte[] body)
    {
        _body = body;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_sent)
            throw new InvalidOperationException("A callback must not be sent twice.");

        _sent = true;
        await stream.WriteAsync(_body, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
