using System.CommandLine.Parsing;

namespace Callbacks.Tester.CommandLine;

/// <summary>Addresses such as <c>http://localhost:9090</c>.</summary>
static class UrlText
{
    /// <summary>For an option's <c>CustomParser</c>. A path is taken for a folder, so that what is below it can be named.</summary>
    public static Uri? Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        string folder = text.EndsWith('/') ? text : text + "/";
        if (Uri.TryCreate(folder, UriKind.Absolute, out Uri? url) && url is { Scheme: "http" })
            return url;

        result.AddError($"'{text}' is no address; write it as http://localhost:9090.");
        return null;
    }
}
