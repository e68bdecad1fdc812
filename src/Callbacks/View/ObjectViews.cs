using System.Text.Json.Serialization;
using Callbacks.Store;

namespace Callbacks.View;

/// <summary>One row as JSON; <c>last_seen</c> with six digits, as PostgreSQL keeps it.</summary>
sealed record ObjectView(
    [property: JsonPropertyName("id")] long Id,
    [property: JsonPropertyName("online")] bool Online,
    [property: JsonPropertyName("last_seen")] string LastSeen)
{
    public static ObjectView From(ObjectState state) => new(state.Id, state.Online, state.LastSeen.ToString());
}

/// <param name="Objects">Ascending by id.</param>
/// <param name="Next">What to pass as <c>after</c> for the next page; null at the end.</param>
sealed record ObjectPage(
    [property: JsonPropertyName("objects")] IReadOnlyList<ObjectView> Objects,
    [property: JsonPropertyName("next")] long? Next);

[JsonSerializable(typeof(ObjectView))]
[JsonSerializable(typeof(ObjectPage))]
sealed partial class ObjectJson : JsonSerializerContext;
