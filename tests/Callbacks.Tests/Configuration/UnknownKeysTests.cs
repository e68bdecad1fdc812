using Callbacks.Configuration;
using Callbacks.Lookup;
using Callbacks.Store;
using Microsoft.Extensions.Configuration;

namespace Callbacks.Tests.Configuration;

/// <summary>The environment belongs to the process: nothing runs beside these.</summary>
[Collection(nameof(StartTests))]
public sealed class UnknownKeysTests : IDisposable
{
    static readonly OptionsSection[] Sections = [new(LookupOptions.Section, typeof(LookupOptions)), new(StoreOptions.Section, typeof(StoreOptions))];

    readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("callback-test-keys-").FullName, "appsettings.json");
    readonly List<string> _variables = [];

    public void Dispose()
    {
        Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);
        foreach (string name in _variables)
            Environment.SetEnvironmentVariable(name, null);
    }

    [Theory]
    [InlineData("Store:Keeep", "Store:Keep")]
    [InlineData("store:conectionstring", "Store:ConnectionString")]
    [InlineData("Store:BatchRows", "Store:BatchRowsMax")]
    [InlineData("Store:InFlightMax", "Lookup:InFlightMax")]
    [InlineData("Lokup:BaseUrl", "Lookup:BaseUrl")]
    [InlineData("Lookups:InflightMax", "Lookup:InFlightMax")]
    [InlineData("InFlightMax", "Lookup:InFlightMax")]
    [InlineData("Store__Keep", "Store:Keep")]
    [InlineData("store.batchrows", "Store:BatchRowsMax")]
    public void A_flag_that_is_no_key_is_said_with_the_one_that_was_meant(string key, string meant) => Assert.Equal(
        $"{key} (flag) is no known key; did you mean {meant}? Correct it or take it away.", Assert.Single(OfFlags($"--{key}=1")));

    [Fact]
    public void A_key_like_no_other_is_said_with_those_that_there_are() => Assert.Equal(
        "Store:Colour (flag) is no known key; Store has BatchRowsMax, CommandTimeout, ConnectTimeout, ConnectionString, Keep. Correct it or take it away.",
        Assert.Single(OfFlags("--Store:Colour=red")));

    [Fact]
    public void A_section_without_a_key_is_said() =>
        Assert.StartsWith("Store (flag) is a section, which has no value of its own; set a key of it: ", Assert.Single(OfFlags("--Store=x")), StringComparison.Ordinal);

    [Theory]
    [InlineData("--Store:Keep=All")]
    [InlineData("--STORE:KEEP=All")]
    [InlineData("--Logging:LogLevel:Default=None")]
    [InlineData("--Kestrel:Limits:MaxRequestLineSize=1")]
    [InlineData("--urls=http://localhost:1")]
    [InlineData("--environment=Production")]
    public void Known_keys_and_the_host_s_are_none_to_complain_of(string flag) => Assert.Empty(OfFlags(flag));

    [Theory]
    [InlineData("Store__Keeep", "Store:Keeep", "Store:Keep")]
    [InlineData("LOOKUP__INFLIGHT_MAX", "LOOKUP:INFLIGHT_MAX", "Lookup:InFlightMax")]
    public void A_variable_in_a_section_of_ours_is_said_by_its_name(string variable, string key, string meant) => Assert.Equal(
        $"{key} (environment variable {variable}) is no known key; did you mean {meant}? Correct it or take it away.", Assert.Single(OfVariable(variable, "1")));

    // JOURNAL_STREAM is set for each service of systemd.
    [Theory]
    [InlineData("STORE")]
    [InlineData("LOKUP__BASEURL")]
    [InlineData("JOURNAL_STREAM")]
    [InlineData("INFLIGHTMAX")]
    [InlineData("STORE_KEEEP")]
    public void Other_variables_of_the_machine_are_other_people_s(string variable) => Assert.Empty(OfVariable(variable, "1"));

    [Fact]
    public void A_key_of_the_file_is_said_with_the_file()
    {
        File.WriteAllText(_file, """{ "Store": { "Keeep": "All", "Keep": { "Online": true } }, "Stoer": { "Keep": "All" }, "AllowedHosts": "*" }""");
        IConfiguration configuration = new ConfigurationBuilder().AddJsonFile(_file, optional: false).Build();
        Assert.Equal(
            ["Stoer:Keep (appsettings.json) is no", "Store:Keeep (appsettings.json) is no", "Store:Keep:Online (appsettings.json) is no"],
            UnknownKeys.Find(configuration, Sections).Select(line => line.Split(" known")[0]).Order(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public void The_value_of_a_key_that_nobody_knows_is_not_repeated() =>
        Assert.DoesNotContain("secret", Assert.Single(OfFlags("--Store:ConectionString=Host=a;Password=secret")), StringComparison.Ordinal);

    static string[] OfFlags(params string[] flags) => [.. UnknownKeys.Find(new ConfigurationBuilder().AddCommandLine(flags).Build(), Sections)];

    string[] OfVariable(string name, string value)
    {
        _variables.Add(name);
        Environment.SetEnvironmentVariable(name, value);
        return [.. UnknownKeys.Find(new ConfigurationBuilder().AddEnvironmentVariables().Build(), Sections)];
    }
}
