using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;

namespace Callbacks.Tests;

/// <summary>Who may know whom (docs/architecture.md), and who breaks it: in the source's words, and in what the compiler made of it.</summary>
static partial class Arrows
{
    public static readonly string[] Folders = ["Configuration", "Intake", "Journal", "Lookup", "Problems", "Store", "Sweep", "Telemetry", "Time", "View"];

    /// <summary>Used by all, and using no stage.</summary>
    static readonly string[] Shared = ["Configuration", "Problems", "Telemetry", "Time"];

    static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Intake"] = ["Journal"],
        ["Journal"] = [],
        ["Lookup"] = ["Journal", "Store"],
        ["Store"] = [],
        ["Sweep"] = ["Store", "Journal"],
        ["View"] = ["Journal", "Store"],
        ["Configuration"] = [],
        ["Problems"] = [],
        ["Telemetry"] = [],
        ["Time"] = [],
    };

    static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    public static IEnumerable<string> FindBreaches(SourceFile file)
    {
        string code = SourceTree.CodeOf(file.Text);
        string expected = string.Join('.', file.Path.Split('/')[..^1].Prepend("Callbacks"));
        if (NamespaceWord().Match(code) is { Success: true } match && match.Groups["name"].Value != expected)
            yield return $"{file.Path} is in the namespace {match.Groups["name"].Value}, not in {expected}.";
        if (file.Folder.Length == 0)
        {
            if (file.Path is not ("Program.cs" or "Start.cs"))
                yield return $"{file.Path} belongs in a folder.";
            yield break;
        }

        if (!Folders.Contains(file.Folder, StringComparer.Ordinal))
        {
            yield return $"{file.Path} is in a folder that the design does not name.";
            yield break;
        }

        foreach (string name in QualifiedName().Matches(code).Select(found => found.Groups["part"].Value).Distinct(StringComparer.Ordinal))
        {
            if (!MayUse(file.Folder, name))
                yield return $"{file.Path} uses Callbacks.{name}.";
        }
    }

    /// <summary>What the type's signatures, fields and method bodies name.</summary>
    public static IEnumerable<string> FindBreaches(Type type)
    {
        string folder = FolderOf(type.Namespace);
        return folder.Length == 0
            ? []
            : Mentioned(type).Where(used => used.Assembly == type.Assembly).Select(used => FolderOf(used.Namespace)).Where(used => used.Length > 0)
                .Distinct(StringComparer.Ordinal).Where(used => !MayUse(folder, used)).Select(used => $"{type.FullName} uses Callbacks.{used}.");
    }

    /// <summary>Members that the method's code names.</summary>
    public static IEnumerable<MemberInfo> MembersUsed(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
            yield break;
        Type[]? ofType = method.DeclaringType is { IsGenericType: true } generic ? generic.GetGenericArguments() : null;
        Type[]? ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int at = 0; at < code.Length;)
        {
            OpCode opCode = OpCodesByValue[code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at]];
            at += opCode.Size;
            if (opCode.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok
                && method.Module.ResolveMember(BitConverter.ToInt32(code, at), ofType, ofMethod) is { } member)
                yield return member;
            at += OperandBytes(opCode.OperandType, code, at);
        }
    }

    static IEnumerable<Type> Mentioned(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var types = new List<Type?> { type.BaseType };
        types.AddRange(type.GetInterfaces());
        types.AddRange(type.GetFields(All).Select(field => field.FieldType));
        foreach (MethodBase method in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
        {
            types.AddRange(method.GetParameters().Select(parameter => parameter.ParameterType));
            types.Add((method as MethodInfo)?.ReturnType);
            types.AddRange(method.GetMethodBody()?.LocalVariables.Select(local => local.LocalType) ?? []);
            foreach (MemberInfo member in MembersUsed(method))
            {
                types.Add(member as Type ?? member.DeclaringType);
                if (member is MethodInfo { IsGenericMethod: true } generic)
                    types.AddRange(generic.GetGenericArguments());
            }
        }

        return types.OfType<Type>().SelectMany(Parts).Distinct();
    }

    static IEnumerable<Type> Parts(Type type) => type.HasElementType
        ? Parts(type.GetElementType()!)
        : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition()) : [type];

    static bool MayUse(string folder, string used) =>
        folder == used || Shared.Contains(used, StringComparer.Ordinal) || Allowed[folder].Contains(used, StringComparer.Ordinal);

    static string FolderOf(string? name) => name?.Split('.') is ["Callbacks", { } folder, ..] ? folder : "";

    static int OperandBytes(OperandType type, byte[] code, int at) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
        _ => 4,
    };

    [GeneratedRegex(@"\bnamespace\s+(?<name>[\w.]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex NamespaceWord();

    [GeneratedRegex(@"(?<![\w.])Callbacks\s*\.\s*(?<part>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex QualifiedName();
}
