namespace Callbacks.View.OpenApi;

/// <summary>One optional parameter of a query that the endpoint reads by itself, for the API's description.</summary>
sealed record QueryParameter(string Name, Type Type, string Description);
