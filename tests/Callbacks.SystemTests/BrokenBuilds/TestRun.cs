using System.Xml.Linq;

namespace Callbacks.SystemTests.BrokenBuilds;

/// <summary>What a test program said of some methods; a theory is one result for each of its rows.</summary>
sealed class TestRun
{
    readonly Dictionary<string, List<string>> _results = new(StringComparer.Ordinal);

    /// <param name="path">As <c>-xml</c> writes it.</param>
    public void Add(string path)
    {
        foreach (XElement test in XDocument.Load(path).Descendants("test"))
        {
            string method = $"{test.Attribute("type")!.Value.Split('.')[^1]}.{test.Attribute("method")!.Value}";
            if (!_results.TryGetValue(method, out List<string>? results))
                _results[method] = results = [];
            results.Add(test.Attribute("result")!.Value);
        }
    }

    public bool HasFailed(string method) => Of(method).Contains("Fail", StringComparer.Ordinal);

    public bool HasPassed(string method) => Of(method) is { Count: > 0 } results && results.TrueForAll(result => result == "Pass");

    public string Describe(string method) => $"{method}: {string.Join(',', Of(method).DefaultIfEmpty("did not run"))}";

    List<string> Of(string method) => _results.GetValueOrDefault(method, []);
}
