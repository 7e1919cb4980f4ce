using System.Collections.Immutable;
using Sahab.Routing.Snapshot;

namespace Sahab.Server.Hosting.Configuration;

[Doc("Where data may be processed and kept, and for how long. Rules further in only narrow those around them.")]
internal sealed record DataConfig
{
    [Doc("The only countries and zones in which calls may be processed, this node included. Left out: all.")]
    [Form(TextForm.Place)]
    [AtMost(300)]
    public ImmutableArray<string>? ProcessIn { get; init; }

    [Doc("The only countries and zones in which content may be kept: stored responses, files, batches, and what clouds keep "
        + "of prompts in their caches, so that calls go nowhere else. Left out: all.")]
    [Form(TextForm.Place)]
    [AtMost(300)]
    public ImmutableArray<string>? StoreIn { get; init; }

    [Doc("The only countries and zones in which records of usage, which hold no content, may be kept and sent to. Left out: "
        + "as store_in.")]
    [Form(TextForm.Place)]
    [AtMost(300)]
    public ImmutableArray<string>? UsageIn { get; init; }

    [Doc("How long content is kept at most; `0s`: nothing of it is. Records of usage are kept for billing. Left out: as "
        + "`responses.retention` and `batches.retention` say.")]
    [Between("0s", "87600h")]
    public TimeSpan? KeepFor { get; init; }
}

[Doc("What projects may be declared to be for, and what then holds for their calls.")]
internal sealed record UseClassConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("Whether keys work only once two people of the operator have approved. Left out: not for general, else yes.")]
    public bool? Review { get; init; }

    [Doc("How long an approval holds. Left out: a year.")]
    [Between("1h", "87600h")]
    public TimeSpan? ApprovalFor { get; init; }

    [Doc("Where data of such projects may be processed and kept.")]
    public DataConfig? Data { get; init; }

    [Doc("The only providers to which calls may go. Left out: all.")]
    [Form(TextForm.Id)]
    [AtMost(256)]
    public ImmutableArray<string>? Providers { get; init; }

    [Doc("The only models that may be called, by their own names. Left out: all.")]
    [Form(TextForm.ModelId)]
    [AtMost(4096)]
    public ImmutableArray<string>? Models { get; init; }

    [Doc("The only kinds of capacity that may be used. Left out: all.")]
    public ImmutableArray<CapacityKind>? Capacity { get; init; }
}

[Doc("The register of those who process data for us.")]
internal sealed record SubprocessorsConfig
{
    [Doc("Whether every provider of this file must be in the register; if so, a server with another one does not start.")]
    public bool Required { get; init; }

    [Doc("How long before an addition takes effect tenants are told.")]
    [Between("0s", "8760h")]
    public TimeSpan Notice { get; init; } = TimeSpan.FromHours(720);
}

[Doc("What is sent elsewhere of what the server tells about itself.")]
internal sealed record TelemetryConfig
{
    [Doc("The country of the collector that metrics and traces are exported to.")]
    [Form(TextForm.Country)]
    public string? ExportCountry { get; init; }
}
