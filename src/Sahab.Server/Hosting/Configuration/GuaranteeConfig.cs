using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

[Doc("Tenants and keys that are guaranteed capacity together.")]
internal sealed record GroupConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("Tenants, by their ids, and single keys, as `tenant/key`. A key that is named itself leaves its tenant's group.")]
    [Form(TextForm.Member)]
    [AtMost(10000)]
    public required ImmutableArray<string> Members { get; init; } = [];
}

[Doc("What a group is guaranteed of reserved capacity; what it leaves idle, others may borrow.")]
internal sealed record GuaranteeConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The group, by its id.")]
    [Form(TextForm.Id)]
    public required string Group { get; init; } = "";

    [Doc("The models whose reserved capacity is meant. Left out: all.")]
    [Form(TextForm.ModelId)]
    [AtMost(4096)]
    public ImmutableArray<string>? Models { get; init; }

    [Doc("The share of each limit of each reserved deployment of a model; those of a model's groups are at most 1 together.")]
    [Between("0", "1")]
    public required decimal Share { get; init; }

    [Doc("How much of the capacity, within its share, others may borrow while it is idle. Left out: all of the share.")]
    [Between("0", "1")]
    public decimal? LendingLimit { get; init; }

    [Doc("How much of the capacity it may take beyond its share. Left out: what others leave.")]
    [Between("0", "1")]
    public decimal? BorrowingLimit { get; init; }
}
