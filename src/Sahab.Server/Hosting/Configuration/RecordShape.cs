using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>The kinds of value that a key may have.</summary>
internal enum ValueKind
{
    Text,
    Integer,
    Bytes,
    Decimal,
    Duration,
    Boolean,

    /// <summary>One word of an enum.</summary>
    Choice,

    /// <summary>A list of words of an enum, bound to flags or to an array.</summary>
    Choices,

    /// <summary>A list of texts.</summary>
    Texts,

    /// <summary>A map from name to text.</summary>
    TextMap,

    /// <summary>A map from name to a list of texts.</summary>
    TextsMap,

    Record,

    /// <summary>A map from id to record.</summary>
    RecordMap,
}

/// <summary>The keys of a configuration record, read from its properties.</summary>
internal sealed class RecordShape
{
    static readonly ConcurrentDictionary<Type, RecordShape> Cache = new();

    RecordShape(Type type)
    {
        Type = type;
        Doc = type.GetCustomAttribute<DocAttribute>()?.Text
            ?? throw new InvalidOperationException($"{type.Name} has no [Doc]");
        OneKey = type.GetCustomAttribute<OneKeyAttribute>();
        var defaults = Create();
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetCustomAttribute<NotInFileAttribute>() is null)
            .ToArray();
        Id = Array.Find(properties, property => property.GetCustomAttribute<MapKeyAttribute>() is not null);
        Keys = [.. properties.Where(property => property != Id).Select(property => new KeyShape(property, defaults))];
    }

    public Type Type { get; }

    public string Doc { get; }

    /// <summary>Set where the keys exclude each other.</summary>
    public OneKeyAttribute? OneKey { get; }

    /// <summary>The property that holds the id, where the record stands in a map.</summary>
    public PropertyInfo? Id { get; }

    public ImmutableArray<KeyShape> Keys { get; }

    /// <summary>The form of the ids, where the record stands in a map.</summary>
    public TextForm? IdForm => Id?.GetCustomAttribute<FormAttribute>()?.Form;

    public static RecordShape Of(Type type) => Cache.GetOrAdd(type, static type => new RecordShape(type));

    /// <summary>The record with all defaults. Missing required keys are the binder's to report.</summary>
    public object Create() => Activator.CreateInstance(Type)!;
}

/// <summary>One key of a configuration record.</summary>
internal sealed class KeyShape
{
    public KeyShape(PropertyInfo property, object defaults)
    {
        Property = property;
        Name = property.GetCustomAttribute<KeyNameAttribute>()?.Name
            ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        Doc = property.GetCustomAttribute<DocAttribute>()?.Text
            ?? throw new InvalidOperationException($"{property.DeclaringType!.Name}.{property.Name} has no [Doc]");
        IsRequired = property.IsDefined(typeof(RequiredMemberAttribute));
        Default = property.GetValue(defaults);
        Form = property.GetCustomAttribute<FormAttribute>()?.Form;
        Between = property.GetCustomAttribute<BetweenAttribute>();
        MaxEntries = property.GetCustomAttribute<AtMostAttribute>()?.Entries ?? int.MaxValue;
        ValueType = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        IsBytes = property.IsDefined(typeof(BytesAttribute));
        (Kind, ElementType) = Classify();
        Words = ElementType.IsEnum ? Configuration.Words.Of(ElementType) : [];
    }

    public PropertyInfo Property { get; }

    public string Name { get; }

    public string Doc { get; }

    public bool IsRequired { get; }

    public object? Default { get; }

    public TextForm? Form { get; }

    public BetweenAttribute? Between { get; }

    public int MaxEntries { get; }

    public ValueKind Kind { get; }

    /// <summary>The property's type without a nullable wrapper.</summary>
    public Type ValueType { get; }

    /// <summary>The type of the entries of a list or map; else the value's own.</summary>
    public Type ElementType { get; }

    /// <summary>The words of a choice, with their values.</summary>
    public ImmutableArray<(string Word, Enum Value)> Words { get; }

    bool IsBytes { get; }

    (ValueKind Kind, Type ElementType) Classify()
    {
        var type = ValueType;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>))
        {
            var element = type.GetGenericArguments()[0];
            return element.IsEnum ? (ValueKind.Choices, element)
                : element == typeof(string) ? (ValueKind.Texts, element)
                : (ValueKind.RecordMap, element);
        }

        if (type == typeof(ImmutableSortedDictionary<string, string>))
        {
            return (ValueKind.TextMap, typeof(string));
        }

        if (type == typeof(ImmutableSortedDictionary<string, ImmutableArray<string>>))
        {
            return (ValueKind.TextsMap, typeof(string));
        }

        var kind = type switch
        {
            { IsEnum: true } => type.IsDefined(typeof(FlagsAttribute)) ? ValueKind.Choices : ValueKind.Choice,
            _ when type == typeof(string) => ValueKind.Text,
            _ when type == typeof(bool) => ValueKind.Boolean,
            _ when type == typeof(int) => ValueKind.Integer,
            _ when type == typeof(long) => IsBytes ? ValueKind.Bytes : ValueKind.Integer,
            _ when type == typeof(decimal) => ValueKind.Decimal,
            _ when type == typeof(TimeSpan) => ValueKind.Duration,
            _ => ValueKind.Record,
        };
        return (kind, type);
    }
}
