namespace Sahab.Server.Hosting.Configuration;

/// <summary>What a key means. Shown in the JSON schema and in the reference.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
internal sealed class DocAttribute(string text) : Attribute
{
    public string Text { get; } = text;
}

/// <summary>The smallest and the largest value allowed, each written as in the file (<c>1</c>, <c>250ms</c>, <c>4KiB</c>).</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BetweenAttribute(string min, string max) : Attribute
{
    public string Min { get; } = min;

    public string Max { get; } = max;
}

/// <summary>The form that a text must have.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FormAttribute(TextForm form) : Attribute
{
    public TextForm Form { get; } = form;
}

/// <summary>The key in the file, where it is not the property's name in lower case.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class KeyNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>A <c>long</c> that counts bytes, so that <c>20MiB</c> may be written.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BytesAttribute : Attribute;

/// <summary>The most entries that a list or a map may have.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AtMostAttribute(int entries) : Attribute
{
    public int Entries { get; } = entries;
}

/// <summary>The keys of the record exclude each other.</summary>
/// <param name="isOneRequired">Whether one of them must be there.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OneKeyAttribute(bool isOneRequired) : Attribute
{
    public bool IsOneRequired { get; } = isOneRequired;
}

/// <summary>The property is the key under which the record stands in its map.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class MapKeyAttribute : Attribute;

/// <summary>The property is computed and has no key in the file.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotInFileAttribute : Attribute;

/// <summary>The forms of text that the file knows.</summary>
internal enum TextForm
{
    /// <summary>Any text that is not blank.</summary>
    Free,

    /// <summary>A name of ours, safe in headers and paths.</summary>
    Id,

    /// <summary>A tenant's id, or a key's behind it and a slash.</summary>
    Member,

    /// <summary>A model's name, as clients and vendors write them.</summary>
    ModelId,

    /// <summary>ISO 3166-1 alpha-2.</summary>
    Country,

    /// <summary>A country, or the name of a zone.</summary>
    Place,

    /// <summary>Absolute http or https URL without user, query or fragment.</summary>
    HttpUrl,

    /// <summary>Address and port to listen on.</summary>
    Endpoint,

    /// <summary>Name of an environment variable, in capitals.</summary>
    EnvironmentVariable,

    /// <summary>SHA-256 in 64 hexadecimal digits.</summary>
    Sha256,

    /// <summary>A day, or a time of it, in UTC.</summary>
    Instant,

    /// <summary>A currency of ISO 4217.</summary>
    Currency,

    /// <summary>A whole number from 1, as a key.</summary>
    Number,

    /// <summary>A network of addresses, as CIDR.</summary>
    Network,

    /// <summary>Path of a file, relative to the configuration's folder or absolute.</summary>
    FilePath,
}
