using System.Text.Json;

namespace Callbacks.SystemTests.Api;

/// <summary>Whether an answer looks as docs/openapi.json says: every field that is required, none that is not described, each of its type.</summary>
sealed class DocumentedShape(JsonElement document)
{
    public IEnumerable<string> FindDifferences(JsonElement schema, JsonElement value, string at = "$")
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            schema = reference.GetString()!.Split('/').Skip(1).Aggregate(document, (element, name) => element.GetProperty(name));
            return FindDifferences(schema, value, at);
        }

        if (schema.TryGetProperty("oneOf", out JsonElement choices))
            return choices.EnumerateArray().Any(choice => !FindDifferences(choice, value, at).Any()) ? [] : [$"{at} is none of those that it may be"];
        if (!TypesOf(schema).Contains(TypeOf(value), StringComparer.Ordinal))
            return [$"{at} is {TypeOf(value)}, not {string.Join(" or ", TypesOf(schema))}"];
        if (schema.TryGetProperty("enum", out JsonElement values) && !values.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value)))
            return [$"{at} is {value}, which is not listed"];
        return value.ValueKind switch
        {
            JsonValueKind.Array => value.EnumerateArray().SelectMany((item, i) => FindDifferences(schema.GetProperty("items"), item, $"{at}[{i}]")),
            JsonValueKind.Object => FindInObject(schema, value, at),
            _ => [],
        };
    }

    IEnumerable<string> FindInObject(JsonElement schema, JsonElement value, string at)
    {
        if (schema.TryGetProperty("additionalProperties", out JsonElement any))
            return value.EnumerateObject().SelectMany(property => FindDifferences(any, property.Value, $"{at}.{property.Name}"));
        JsonElement described = schema.GetProperty("properties");
        IEnumerable<string> required = schema.TryGetProperty("required", out JsonElement names) ? names.EnumerateArray().Select(name => name.GetString()!) : [];
        IEnumerable<string> missing = required
            .Where(name => !value.TryGetProperty(name, out _)).Select(name => $"{at}.{name} is missing");
        return missing.Concat(value.EnumerateObject().SelectMany(property => described.TryGetProperty(property.Name, out JsonElement inner)
            ? FindDifferences(inner, property.Value, $"{at}.{property.Name}")
            : [$"{at}.{property.Name} is not described"]));
    }

    static string[] TypesOf(JsonElement schema)
    {
        JsonElement type = schema.GetProperty("type");
        string[] types = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(one => one.GetString()!)] : [type.GetString()!];
        // A number without a fraction is an integer, too.
        return types.Contains("number", StringComparer.Ordinal) ? [.. types, "integer"] : types;
    }

    static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
        JsonValueKind.Null => "null",
        _ => "boolean",
    };
}
