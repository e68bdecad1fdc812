using System.Reflection;

namespace Callbacks.Problems;

/// <summary>Every type of problem that the service answers with. Clients go by them, so none is ever renamed; docs/api.md lists them.</summary>
static class ProblemType
{
    public const string Prefix = "urn:callback:problem:";

    // Of POST /callback.
    public const string NotJson = "not-json";
    public const string NotAnObject = "not-an-object";
    public const string NoObjectIds = "no-object-ids";
    public const string ObjectIdsTwice = "object-ids-twice";
    public const string NotAList = "not-a-list";
    public const string NotAnId = "not-an-id";
    public const string TooManyIds = "too-many-ids";
    public const string BodyTooLarge = "body-too-large";
    public const string ContentEncoding = "content-encoding";
    public const string AmbiguousLength = "ambiguous-length";
    public const string BadRequest = "bad-request";
    public const string NotDurable = "not-durable";

    // Of what is there to be looked at.
    public const string BadQuery = "bad-query";
    public const string NoSuchObject = "no-such-object";
    public const string PostgresqlAway = "postgresql-away";
    public const string NotReady = "not-ready";
    public const string TooManyDashboards = "too-many-dashboards";

    // Of any request.
    public const string NotFound = "not-found";
    public const string MethodNotAllowed = "method-not-allowed";
    public const string PreconditionFailed = "precondition-failed";
    public const string InternalError = "internal-error";

    /// <summary>All of them, with the prefix.</summary>
    public static IEnumerable<string> ReadAll() => typeof(ProblemType).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.Name != nameof(Prefix)).Select(field => Prefix + field.GetRawConstantValue());
}
