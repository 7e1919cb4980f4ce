using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Govern.Residency;

/// <summary>Whose rules on data of a key, that were set at run time.</summary>
internal sealed record KeyRules(string Organisation, string Project, string Key, DataConfig Rules)
{
    /// <summary>As messages name it.</summary>
    public string Name => $"organisation {Organisation}, project {Project}, key {Key}";
}

/// <summary>
/// Rules on data of a key that were set at run time. What they come to within those around them is made once for each book of
/// rules, so that asking allocates nothing.
/// </summary>
internal sealed class KeyData(KeyRules rules)
{
    Made? _made;

    public KeyRules Rules => rules;

    /// <summary>What holds for the key's calls.</summary>
    /// <param name="outer">The rules of its project, of the same book; null: none.</param>
    public DataRules In(RuleBook book, DataRules? outer)
    {
        var made = Volatile.Read(ref _made);
        if (made is null || !ReferenceEquals(made.Book, book))
        {
            made = new Made(book, book.Of(rules, outer));
            Volatile.Write(ref _made, made);
        }

        return made.Rules;
    }

    sealed record Made(RuleBook Book, DataRules Rules);
}
