namespace Sahab.Server.Hosting.Configuration;

[Doc("What happens when all that could serve a call is full.")]
internal sealed record AdmissionConfig
{
    [Doc("The queue in which calls wait for capacity.")]
    public QueueConfig Queue { get; init; } = new();

    [Doc("Output tokens that are reserved for a call that states no limit, until experience says better.")]
    [Between("1", "1000000")]
    public int DefaultOutputTokens { get; init; } = 512;
}

[Doc("The queue in which calls wait for capacity.")]
internal sealed record QueueConfig
{
    [Doc("Calls that may wait; one more is answered with 429. 0: none waits.")]
    [Between("0", "1000000")]
    public int MaxWaiting { get; init; } = 1000;

    [Doc("The longest that a call waits; then it is answered with 429.")]
    [Between("0s", "10m")]
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(10);
}
