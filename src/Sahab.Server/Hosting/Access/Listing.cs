namespace Sahab.Server.Hosting.Access;

/// <summary>A list, or a part of it, as the control API answers.</summary>
/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Next">The cursor for the part after it; null: there is none.</param>
internal sealed record Listing<T>(string Object, IReadOnlyList<T> Data, string? Next)
{
    /// <summary>A list that is never longer than what is answered.</summary>
    public static Listing<T> Whole(IEnumerable<T> data) => new("list", [.. data], null);
}
