using System.Text.RegularExpressions;
using Callbacks.Fixtures;
using YamlDotNet.RepresentationModel;

namespace Callbacks.Tests.Deploy;

/// <summary>No container engine runs where the tests do. These find slips of the pen; that it works as a whole, they can't.</summary>
public sealed partial class ContainerFileTests
{
    static readonly string[] Instructions =
        ["ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"];

    /// <summary>Of the compose specification, those of use here.</summary>
    static readonly string[] ServiceKeys =
    [
        "build", "cap_drop", "command", "cpus", "depends_on", "environment", "healthcheck", "image", "logging", "mem_limit", "networks", "pids_limit", "ports", "read_only",
        "restart", "security_opt", "shm_size", "stop_grace_period", "stop_signal", "tmpfs", "ulimits", "user", "volumes",
    ];

    static readonly string[] Limits = ["mem_limit", "cpus", "pids_limit"];

    static readonly string[] HealthKeys = ["disable", "interval", "retries", "start_period", "test", "timeout"];

    static YamlMappingNode Compose => DeployFiles.Yaml("compose.yaml");

    static IEnumerable<(string Name, YamlMappingNode Service)> Services =>
        ((YamlMappingNode)Compose["services"]).Children.Select(service => (((YamlScalarNode)service.Key).Value!, (YamlMappingNode)service.Value));

    [Fact]
    public void Compose_names_only_keys_services_volumes_and_networks_that_there_are()
    {
        string[] names = [.. Services.Select(service => service.Name)];
        Assert.Equal(["postgresql", "service", "tester", "prometheus", "grafana"], names);
        foreach ((string name, YamlMappingNode service) in Services)
        {
            Assert.All(DeployFiles.Keys(service), key => Assert.Contains(key, ServiceKeys, StringComparer.Ordinal));
            // That of the service is in its image.
            if (name != "service")
                Assert.All(DeployFiles.Keys(service["healthcheck"]), key => Assert.Contains(key, HealthKeys, StringComparer.Ordinal));
            Assert.All(Words(service, "depends_on"), other => Assert.Contains(other, names, StringComparer.Ordinal));
            Assert.All(Words(service, "networks"), network => Assert.Contains(network, DeployFiles.Keys(Compose["networks"]), StringComparer.Ordinal));
            foreach (string volume in Words(service, "volumes").Select(volume => volume.Split(':')[0]))
            {
                if (volume.StartsWith("./", StringComparison.Ordinal))
                    Assert.True(Path.Exists(Path.Combine(DeployFiles.Folder, volume)), volume);
                else
                    Assert.Contains(volume, DeployFiles.Keys(Compose["volumes"]), StringComparer.Ordinal);
            }
        }
    }

    [Fact]
    public void Every_container_is_bounded_unprivileged_and_reached_from_this_machine_only()
    {
        foreach ((string name, YamlMappingNode service) in Services)
        {
            Assert.Equal("true", DeployFiles.Text(service, "read_only"));
            Assert.Equal("ALL", Assert.Single(Words(service, "cap_drop")));
            Assert.All(Limits, limit => Assert.True(DeployFiles.Keys(service).Contains(limit, StringComparer.Ordinal), $"{name} has no {limit}"));
            Assert.All(Words(service, "ports"), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_service_finds_the_others_by_their_names_and_its_settings_are_real_ones()
    {
        YamlMappingNode environment = (YamlMappingNode)Services.Single(service => service.Name == "service").Service["environment"];
        Assert.Empty(ConfigurationKeys.FindUnknown(DeployFiles.Keys(environment)));
        Assert.StartsWith("Host=postgresql;", DeployFiles.Text(environment, "Store__ConnectionString"), StringComparison.Ordinal);
        Assert.Equal("http://tester:9010/", DeployFiles.Text(environment, "Lookup__BaseUrl"));
        YamlNode scrape = DeployFiles.Nodes(DeployFiles.Yaml("prometheus/prometheus.yml"), "scrape_configs").Single();
        Assert.Equal("service:9090", ((YamlSequenceNode)DeployFiles.Nodes(scrape, "static_configs").Single()["targets"]).Single().ToString());
        YamlNode source = DeployFiles.Nodes(DeployFiles.Yaml("grafana/provisioning/datasources/prometheus.yaml"), "datasources").Single();
        Assert.Equal("http://prometheus:9090", DeployFiles.Text(source, "url"));
        Assert.Contains($"\"uid\": \"{DeployFiles.Text(source, "uid")}\"", File.ReadAllText(Path.Combine(DeployFiles.Folder, "grafana/dashboard.json")), StringComparison.Ordinal);
        YamlNode provider = DeployFiles.Nodes(DeployFiles.Yaml("grafana/provisioning/dashboards/callbacks.yaml"), "providers").Single();
        string mount = Words(Services.Single(service => service.Name == "grafana").Service, "volumes").Single(volume => volume.Contains("dashboard.json", StringComparison.Ordinal));
        Assert.Equal(DeployFiles.Text(provider["options"], "path"), Path.GetDirectoryName(mount.Split(':')[1]));
    }

    [Fact]
    public void The_image_is_made_of_what_there_is_and_keeps_its_secrets_out()
    {
        string text = string.Join('\n', DeployFiles.Lines("Dockerfile").Where(line => line.Length > 0 && line[0] != '#')).Replace("\\\n", "", StringComparison.Ordinal);
        string[] lines = text.Split('\n');
        Assert.All(lines, line => Assert.Contains(line.Split(' ')[0], Instructions, StringComparer.Ordinal));
        string[] sent = [.. DeployFiles.Lines("Dockerfile.dockerignore").Where(line => line.StartsWith('!')).Select(line => line[1..])];
        Assert.All(sent, path => Assert.True(Path.Exists(Path.Combine(Repository.Folder, path)), path));
        foreach (string copied in lines.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from=", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')[1..^1]))
        {
            Assert.True(Path.Exists(Path.Combine(Repository.Folder, copied)), copied);
            Assert.Contains(sent, path => copied.TrimEnd('/') == path || copied.StartsWith(path + "/", StringComparison.Ordinal));
        }

        // No stage that runs is root's, and both that compose builds are there.
        string[] stages = [.. lines.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1])];
        Assert.All(Services.Where(service => DeployFiles.Keys(service.Service).Contains("build", StringComparer.Ordinal)), service =>
            Assert.Contains(DeployFiles.Text(service.Service["build"], "target"), stages, StringComparer.Ordinal));
        Assert.Equal("USER $APP_UID", Assert.Single(lines, line => line.StartsWith("USER ", StringComparison.Ordinal)));
        Assert.Empty(ConfigurationKeys.FindUnknown(lines.Where(line => line.StartsWith("ENV ", StringComparison.Ordinal)).SelectMany(line => Variable().Matches(line).Select(match => match.Groups["name"].Value))));
    }

    static IEnumerable<string> Words(YamlMappingNode service, string key) =>
        service.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? words) ? ((YamlSequenceNode)words).Select(word => ((YamlScalarNode)word).Value!) : [];

    [GeneratedRegex(@"(?<=\s)(?<name>\w+)=", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();
}
