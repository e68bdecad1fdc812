namespace Callbacks.Local;

/// <summary>Something on this machine is not as needed; the message is one line for whoever is at the terminal.</summary>
class LocalException(string message) : Exception(message);

sealed class MissingServerException()
    : LocalException("PostgreSQL's server programs (initdb, postgres) were not found: install them (Debian: apt-get install postgresql), or put them on PATH.");
