namespace Sahab.Server.Tests.Configuration;

/// <summary>A folder that goes when it is disposed of.</summary>
sealed class TemporaryFolder : IDisposable
{
    readonly string _path = Directory.CreateTempSubdirectory("sahab-").FullName;

    public string PathOf(string name) => Path.Combine(_path, name);

    public void Write(string name, string content) => File.WriteAllText(PathOf(name), content);

    /// <summary>Writes beside the file and renames over it, as careful editors do.</summary>
    public void Replace(string name, string content)
    {
        Write(name + ".new", content);
        File.Move(PathOf(name + ".new"), PathOf(name), overwrite: true);
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
