namespace Sahab.Server.Hosting.Configuration;

[Doc("How `/v1/files` and `/v1/batches` work.")]
internal sealed record BatchesConfig
{
    [Doc("Lines of batches that run at once, of all batches together.")]
    [Between("1", "1000")]
    public int Concurrency { get; init; } = 4;

    [Doc("The largest file that may be uploaded; a larger one is answered with 413.")]
    [Bytes]
    [Between("1KiB", "10GiB")]
    public long MaxFileBytes { get; init; } = 100L * 1024 * 1024;

    [Doc("What the files of one tenant may take together.")]
    [Bytes]
    [Between("1KiB", "1024GiB")]
    public long MaxTenantBytes { get; init; } = 10L * 1024 * 1024 * 1024;

    [Doc("Lines that one batch may have.")]
    [Between("1", "1000000")]
    public int MaxLines { get; init; } = 50_000;

    [Doc("How long files are kept that say nothing else, and batches after their end.")]
    [Between("1h", "87600h")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromHours(720);
}
