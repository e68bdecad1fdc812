namespace Callbacks.Local;

/// <summary>Something on this machine is not as needed; the message is one line for whoever is at the terminal.</summary>
class LocalException(string message) : Exception(message)
{
    /// <summary>After <c>sysexits.h</c>, where 69 is "a needed service or program is not there".</summary>
    public int ExitCode { get; init; } = 69;
}

sealed class MissingServerException()
    : LocalException("PostgreSQL's server programs (initdb, postgres) were not found: install them (Debian: apt-get install postgresql), or put them on PATH.");

sealed class PortTakenException(int port)
    : LocalException($"Port {port} is taken by another program: ss -ltnp 'sport = :{port}' shows which.")
{
    public int Port { get; } = port;
}
