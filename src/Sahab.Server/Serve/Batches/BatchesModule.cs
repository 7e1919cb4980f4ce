namespace Sahab.Server.Serve.Batches;

/// <summary>Registers files and batches.</summary>
internal static class BatchesModule
{
    const string FolderName = "files";

    /// <param name="dataFolder">Where contents are kept, in a folder of their own.</param>
    public static void AddBatches(this IServiceCollection services, string dataFolder)
    {
        services.AddSingleton(new FileFolder(Path.Combine(dataFolder, FolderName)));
        services.AddSingleton<FileStore>();
        services.AddSingleton<BatchStore>();
        services.AddSingleton<FileRoom>();
        services.AddSingleton<LineRunner>();
        services.AddSingleton<BatchRun>();
        services.AddSingleton<BatchLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<BatchLoop>());
    }

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        FilesApi.Map(endpoints);
        BatchesApi.Map(endpoints);
    }
}
