namespace Sahab.Routing.Requests;

/// <summary>An immutable set of countries. A lookup is one bit test.</summary>
public sealed class CountrySet
{
    private readonly ulong[] _bits = new ulong[(CountryCode.Combinations + 63) / 64];
    private readonly bool _all;

    private CountrySet(bool all) => _all = all;

    /// <summary>Every country, and places whose country is not known.</summary>
    public static CountrySet All { get; } = new(all: true);

    /// <summary>Whether the set leaves nothing out.</summary>
    public bool IsAll => _all;

    /// <summary>Builds the set of exactly these countries.</summary>
    /// <exception cref="ArgumentException">One of them is not known.</exception>
    public static CountrySet FromCodes(IEnumerable<CountryCode> codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        var set = new CountrySet(all: false);
        foreach (var code in codes)
        {
            if (!code.IsKnown)
            {
                throw new ArgumentException("A set of countries holds known countries only.", nameof(codes));
            }

            set._bits[code.Index >> 6] |= 1UL << (code.Index & 63);
        }

        return set;
    }

    /// <summary>
    /// Whether data may go to the country. A country that is not known is in no set but <see cref="All"/>.
    /// </summary>
    public bool Contains(CountryCode code) =>
        _all || (code.IsKnown && (_bits[code.Index >> 6] & (1UL << (code.Index & 63))) != 0);

    /// <summary>Whether no country is in the set.</summary>
    public bool IsEmpty => !_all && !_bits.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>Whether every country of this set is in the other. Allocates nothing.</summary>
    public bool IsWithin(CountrySet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (_all || other._all)
        {
            return other._all;
        }

        for (var word = 0; word < _bits.Length; word++)
        {
            if ((_bits[word] & ~other._bits[word]) != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The countries that are in both sets. Allocates nothing where one lies within the other.</summary>
    public CountrySet And(CountrySet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (_all || other._all)
        {
            return _all ? other : this;
        }

        if (IsWithin(other))
        {
            return this;
        }

        if (other.IsWithin(this))
        {
            return other;
        }

        var both = new CountrySet(all: false);
        for (var word = 0; word < _bits.Length; word++)
        {
            both._bits[word] = _bits[word] & other._bits[word];
        }

        return both;
    }

    /// <summary>Reads what <see cref="ToString"/> wrote; an empty text is the empty set.</summary>
    /// <exception cref="FormatException">The text is not one.</exception>
    public static CountrySet Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text == "*"
            ? All
            : FromCodes(text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(code => CountryCode.Parse(code)));
    }

    /// <summary>The codes in alphabetical order with commas between, or <c>*</c> for <see cref="All"/>.</summary>
    public override string ToString()
    {
        if (_all)
        {
            return "*";
        }

        var codes = new List<string>();
        Span<char> letters = stackalloc char[2];
        for (var index = 0; index < CountryCode.Combinations; index++)
        {
            if ((_bits[index >> 6] & (1UL << (index & 63))) != 0)
            {
                letters[0] = (char)('A' + (index / 26));
                letters[1] = (char)('A' + (index % 26));
                codes.Add(letters.ToString());
            }
        }

        return string.Join(',', codes);
    }
}
