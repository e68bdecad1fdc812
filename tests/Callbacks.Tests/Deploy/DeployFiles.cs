using System.Text.Json;
using Callbacks.Fixtures;
using YamlDotNet.RepresentationModel;

namespace Callbacks.Tests.Deploy;

/// <summary>What lies in <c>deploy/</c>, read.</summary>
static class DeployFiles
{
    public static string Folder { get; } = Path.Combine(Repository.Folder, "deploy");

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Folder, file));

    public static YamlMappingNode Yaml(string file)
    {
        var stream = new YamlStream();
        using StreamReader reader = File.OpenText(Path.Combine(Folder, file));
        stream.Load(new YamlDotNet.Core.MergingParser(new YamlDotNet.Core.Parser(reader)));
        return Assert.IsType<YamlMappingNode>(Assert.Single(stream.Documents).RootNode);
    }

    /// <summary>Title and expression of each query of the dashboard.</summary>
    public static List<(string Name, string Expression)> DashboardQueries()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "grafana/dashboard.json")));
        return
        [
            .. from panel in document.RootElement.GetProperty("panels").EnumerateArray()
               from target in panel.GetProperty("targets").EnumerateArray()
               select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!),
        ];
    }

    /// <summary>Name and expression of each alert.</summary>
    public static List<(string Name, string Expression)> Alerts() =>
    [
        .. from @group in Nodes(Yaml("prometheus/callback.rules.yml"), "groups")
           from rule in Nodes(@group, "rules")
           select (Text(rule, "alert"), Text(rule, "expr")),
    ];

    public static IEnumerable<YamlNode> Nodes(YamlNode parent, string key) => (YamlSequenceNode)parent[key];

    public static string Text(YamlNode parent, string key) => ((YamlScalarNode)parent[key]).Value!;

    public static IEnumerable<string> Keys(YamlNode node) => ((YamlMappingNode)node).Children.Keys.Select(key => ((YamlScalarNode)key).Value!);
}
