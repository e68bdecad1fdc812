using Microsoft.Net.Http.Headers;

namespace Callbacks.View.Dashboard;

/// <summary>The page at <c>/</c> and what it loads, all of it from within the program: it asks nobody else for anything.</summary>
static class DashboardPage
{
    static readonly (string Path, string Name, string ContentType)[] Files =
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/dashboard/dashboard.js", "dashboard.js", "text/javascript; charset=utf-8"),
        ("/dashboard/dashboard.css", "dashboard.css", "text/css; charset=utf-8"),
        ("/dashboard/icon.svg", "icon.svg", "image/svg+xml"),
        ("/dashboard/uplot.js", "uplot.uPlot.iife.min.js", "text/javascript; charset=utf-8"),
        ("/dashboard/uplot.css", "uplot.uPlot.min.css", "text/css; charset=utf-8"),
        ("/dashboard/uplot.license.txt", "uplot.LICENSE", "text/plain; charset=utf-8"),
    ];

    public static void MapDashboard(this IEndpointRouteBuilder endpoints)
    {
        // The build's own, of which the files are a part: each start would have to load a library to hash them.
        var tag = new EntityTagHeaderValue($"\"{typeof(DashboardPage).Module.ModuleVersionId:N}\"");
        foreach ((string path, string name, string contentType) in Files)
        {
            byte[] content = Read(name);
            endpoints.MapGet(path, (HttpContext context) =>
            {
                IHeaderDictionary headers = context.Response.Headers;
                headers.ContentSecurityPolicy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
                headers.XContentTypeOptions = "nosniff";
                headers["Referrer-Policy"] = "no-referrer";
                // Asked for again each time, so that a new version's page never meets an old one's script.
                headers.CacheControl = "no-cache";
                return TypedResults.Bytes(content, contentType, entityTag: tag);
            }).ExcludeFromDescription();
        }

        endpoints.MapGet("/dashboard/events", (LiveEvents events, HttpContext context) => events.Listen(context)).ExcludeFromDescription();
    }

    static byte[] Read(string name)
    {
        using Stream stream = typeof(DashboardPage).Assembly.GetManifestResourceStream($"Callbacks.View.Dashboard.Page.{name}")
            ?? throw new InvalidOperationException($"The program was built without {name}.");
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
