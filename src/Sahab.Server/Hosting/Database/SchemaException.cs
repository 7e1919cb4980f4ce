namespace Sahab.Server.Hosting.Database;

/// <summary>
/// The database's schema is not one that this program may work with; the message says why and what to do.
/// </summary>
internal sealed class SchemaException(string message) : Exception(message);
