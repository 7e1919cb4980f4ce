namespace Sahab.Server.Govern;

/// <summary>A part of a list, as the control API answers.</summary>
/// <param name="Next">The cursor for the part after it; null: there is none.</param>
internal sealed record Listing<T>(string Object, IReadOnlyList<T> Data, string? Next)
{
    /// <param name="found">What was found, of which one more than the limit was asked for.</param>
    public static Listing<T> Of(List<T> found, int limit, Func<T, string> cursor) => new(
        "list", found.Count > limit ? found[..limit] : found, found.Count > limit ? cursor(found[limit - 1]) : null);

    /// <summary>A list that is never longer than what is answered.</summary>
    public static Listing<T> Whole(IReadOnlyList<T> data) => new("list", data, null);
}
