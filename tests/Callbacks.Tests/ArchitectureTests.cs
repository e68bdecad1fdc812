using System.Reflection;
using Callbacks.Journal;
using Callbacks.Lookup;
using Callbacks.Store;
using Callbacks.Sweep;
using Callbacks.Time;

namespace Callbacks.Tests;

public sealed class ArchitectureTests
{
    const int LinesMax = 300;

    static readonly Assembly Service = typeof(CallbackJournal).Assembly;
    static readonly List<SourceFile> Files = SourceTree.ReadService();

    [Fact]
    public void The_source_keeps_the_arrows()
    {
        Assert.True(Files.Count > 80, $"Only {Files.Count} files were found.");
        Assert.Empty(Files.SelectMany(Arrows.FindBreaches));
    }

    [Fact]
    public void What_the_compiler_made_of_it_keeps_the_arrows_too() => Assert.Empty(Service.GetTypes().SelectMany(Arrows.FindBreaches));

    [Theory]
    [InlineData("Intake", "Lookup")]
    [InlineData("Intake", "Store")]
    [InlineData("Intake", "View")]
    [InlineData("Journal", "Intake")]
    [InlineData("Journal", "Lookup")]
    [InlineData("Journal", "Store")]
    [InlineData("Lookup", "Intake")]
    [InlineData("Lookup", "Sweep")]
    [InlineData("Store", "Journal")]
    [InlineData("Store", "Lookup")]
    [InlineData("Sweep", "Lookup")]
    [InlineData("View", "Lookup")]
    [InlineData("View", "Sweep")]
    [InlineData("Time", "Journal")]
    [InlineData("Configuration", "Intake")]
    public void An_arrow_that_is_broken_is_noticed_however_it_is_written(string from, string to)
    {
        foreach (string code in new[]
        {
            $"using Callbacks.{to};\nnamespace Callbacks.{from};",
            $"using static Callbacks.{to}.Thing;\nnamespace Callbacks.{from};",
            $"using Thing = Callbacks.{to}.Deep.Thing;\nnamespace Callbacks.{from};",
            $"namespace Callbacks.{from};\nclass X {{ object _y = new Callbacks.{to}.Thing(); }}",
            $"namespace Callbacks.{from};\nclass X {{ object _y = \"//\" + new global::Callbacks.{to}.Thing(); }}",
        })
        {
            Assert.Equal($"{from}/Planted.cs uses Callbacks.{to}.", Assert.Single(Arrows.FindBreaches(new SourceFile($"{from}/Planted.cs", code))));
        }
    }

    [Theory]
    [InlineData("Intake", "Journal")]
    [InlineData("Lookup", "Journal")]
    [InlineData("Lookup", "Store")]
    [InlineData("Sweep", "Store")]
    [InlineData("Sweep", "Journal")]
    [InlineData("View", "Journal")]
    [InlineData("View", "Store")]
    [InlineData("Journal", "Time")]
    [InlineData("Store", "Configuration")]
    [InlineData("Intake", "Telemetry")]
    public void An_arrow_of_the_design_is_none_to_complain_of(string from, string to) =>
        Assert.Empty(Arrows.FindBreaches(new SourceFile($"{from}/Planted.cs", $"using Callbacks.{to};\nnamespace Callbacks.{from};")));

    [Theory]
    [InlineData("Helpers/Planted.cs", "namespace Callbacks.Helpers;", "Helpers/Planted.cs is in a folder that the design does not name.")]
    [InlineData("Planted.cs", "namespace Callbacks;", "Planted.cs belongs in a folder.")]
    [InlineData("Store/Planted.cs", "namespace Callbacks.Sweep;", "Store/Planted.cs is in the namespace Callbacks.Sweep, not in Callbacks.Store.")]
    [InlineData("Journal/Log/Planted.cs", "namespace Callbacks.Journal;", "Journal/Log/Planted.cs is in the namespace Callbacks.Journal, not in Callbacks.Journal.Log.")]
    public void A_file_in_the_wrong_place_is_noticed(string path, string code, string breach) =>
        Assert.Contains(breach, Arrows.FindBreaches(new SourceFile(path, code)), StringComparer.Ordinal);

    [Fact]
    public void Comments_and_texts_may_name_what_they_like() => Assert.Empty(Arrows.FindBreaches(new SourceFile(
        "Store/Planted.cs", "// Callbacks.Sweep\n/* Callbacks.View */\nnamespace Callbacks.Store;\nclass X { string _y = \"Callbacks.Intake\"; }")));

    [Fact]
    public void A_breach_in_a_method_s_body_is_seen_in_the_compiled_code()
    {
        // Program is where everything meets; were it a stage, it would be a breach.
        MethodInfo main = Service.EntryPoint!;
        IEnumerable<Type> used = Service.GetTypes().Where(type => type == main.DeclaringType || type.DeclaringType == main.DeclaringType)
            .SelectMany(type => type.GetMethods(BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance))
            .SelectMany(Arrows.MembersUsed).Select(member => member.DeclaringType).OfType<Type>();
        Assert.Superset(new HashSet<Type> { typeof(LookupSetup), typeof(StoreSetup), typeof(SweepSetup), typeof(JournalSetup) }, used.ToHashSet());
    }

    // The web SDK makes the class of the top-level statements public.
    [Fact]
    public void No_type_is_public() => Assert.DoesNotContain(Service.GetExportedTypes(), type => type.FullName != "Program");

    [Fact]
    public void A_file_is_short_enough_to_be_read_in_one_go() =>
        Assert.Empty(Files.Where(file => file.Lines > LinesMax).Select(file => $"{file.Path} has {file.Lines} lines."));

    [Fact]
    public void Nothing_is_there_that_only_tests_use()
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        Type[] types = [.. Service.GetTypes().Where(type => !type.Name.Contains('<', StringComparison.Ordinal) || type.DeclaringType is not null)];
        var used = types.SelectMany(type => type.GetMethods(Declared).Concat<MethodBase>(type.GetConstructors(Declared)))
            .SelectMany(Arrows.MembersUsed).Select(member => (member.Module, member.MetadataToken)).ToHashSet();
        // The way back from Instant.ToDateTime, for tests that look into the database.
        used.UnionWith(typeof(Instant).GetMethods(Declared).Where(method => method.Name == nameof(Instant.From)).Select(method => (method.Module, method.MetadataToken)));
        string[] unused =
        [
            .. types.Where(IsWrittenByHand).SelectMany(type => type.GetMethods(Declared).Where(method => IsWrittenByHand(method) && !used.Contains((method.Module, method.MetadataToken))))
                .Select(method => $"{method.DeclaringType!.FullName}.{method.Name}").Order(StringComparer.Ordinal),
        ];
        Assert.Empty(unused);
    }

    static bool IsWrittenByHand(MemberInfo member) =>
        member.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is null
        && member.GetCustomAttribute<System.CodeDom.Compiler.GeneratedCodeAttribute>() is null
        && !member.Name.Contains('<', StringComparison.Ordinal)
        && member is not MethodInfo { IsVirtual: true } and not MethodInfo { IsSpecialName: true }
        && (member.DeclaringType is null || IsWrittenByHand(member.DeclaringType));
}
