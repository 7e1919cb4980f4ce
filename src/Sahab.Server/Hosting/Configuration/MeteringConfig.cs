namespace Sahab.Server.Hosting.Configuration;

[Doc("How usage is recorded.")]
internal sealed record MeteringConfig
{
    [Doc("Where usage and postings are kept. A change takes effect at the next start.")]
    public StoreConfig Store { get; init; } = new();

    [Doc("The journal that makes usage durable before the last byte of an answer goes out.")]
    public JournalConfig Journal { get; init; } = new();

    [Doc("How far an answer is read on when its client has gone, to learn what the provider bills.")]
    public DrainConfig Drain { get; init; } = new();
}

[Doc("Where usage and postings are kept: in SQLite or PostgreSQL. Neither is named: SQLite in the data folder.")]
internal sealed record StoreConfig
{
    [Doc("The SQLite file, relative to the data folder or absolute.")]
    [Form(TextForm.FilePath)]
    public string? Sqlite { get; init; }

    [Doc("The PostgreSQL connection string, from the environment or a file.")]
    public SecretConfig? Postgres { get; init; }

    [Doc("The country in which the store is. Left out: that of the server, where the store is a file there.")]
    [Form(TextForm.Country)]
    public string? Country { get; init; }
}

[Doc("The journal that makes usage durable.")]
internal sealed record JournalConfig
{
    [Doc("What it survives: `process`, the death of the process; `power`, also the loss of power, at the price of a "
        + "flush to disk for each group.")]
    public Durability Durability { get; init; } = Durability.Process;

    [Doc("Events that may wait to be written; beyond it they are refused, and so are new calls.")]
    [Between("16", "10000000")]
    public int MaxPending { get; init; } = 65_536;

    [Doc("The file's greatest size; full, it takes nothing, and no call is served, until postings have made room. A "
        + "change takes effect at the next start.")]
    [Bytes]
    [Between("256KiB", "1024GiB")]
    public long MaxBytes { get; init; } = 4L * 1024 * 1024 * 1024;
}

/// <summary>What the journal survives.</summary>
internal enum Durability
{
    Process,
    Power,
}

[Doc("How far an answer is read on when its client has gone.")]
internal sealed record DrainConfig
{
    [Doc("The longest. What lies beyond is estimated, and marked so.")]
    [Between("0s", "1h")]
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromSeconds(60);

    [Doc("The most bytes.")]
    [Bytes]
    [Between("0", "1GiB")]
    public long MaxBytes { get; init; } = 8_388_608;

    [Doc("Answers at once; beyond, the oldest is cut and estimated.")]
    [Between("0", "1000000")]
    public int MaxConcurrent { get; init; } = 1000;
}
