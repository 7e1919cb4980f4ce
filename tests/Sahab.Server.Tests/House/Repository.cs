namespace Sahab.Server.Tests.House;

/// <summary>The folder that everything lies in, found from where the tests run.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string PathOf(string path) => Path.Combine(Root, path);

    static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Sahab.slnx"))
            ? folder
            : Find(Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("The tests do not run inside the repository."));
}
