namespace Sahab.Server.Hosting.Commands;

/// <summary>Files that are named on the command line.</summary>
internal static class CommandFile
{
    /// <exception cref="CommandException">It cannot be read.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be read: {error.Message}");
        }
    }
}
