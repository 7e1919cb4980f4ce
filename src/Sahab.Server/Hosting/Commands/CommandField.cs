using System.CommandLine;
using System.Text.Json.Nodes;

namespace Sahab.Server.Hosting.Commands;

/// <summary>
/// What a command tells an endpoint, mostly by an option: a member of the body, or a parameter of the query where it reads.
/// A member of an object in the body is named with it, as in <c>limits.concurrency</c>.
/// </summary>
internal sealed class CommandField
{
    readonly Func<ParseResult, JsonNode?> _read;

    CommandField(string member, Option? option, Func<ParseResult, JsonNode?> read)
    {
        Member = member;
        Option = option;
        _read = read;
    }

    /// <summary>What the endpoint calls it.</summary>
    public string Member { get; }

    /// <summary>How it is typed; null: the command always says the same.</summary>
    public Option? Option { get; }

    /// <summary>A text, by an option that is called as the member is unless said otherwise.</summary>
    public static CommandField Text(string member, string description, bool required = false, string? option = null)
    {
        var typed = new Option<string?>(NameOf(option ?? member)) { Description = description, Required = required };
        return new CommandField(member, typed, parsed => parsed.GetValue(typed));
    }

    public static CommandField Number(string member, string description)
    {
        var typed = new Option<long?>(NameOf(member)) { Description = description };
        return new CommandField(member, typed, parsed => parsed.GetValue(typed));
    }

    /// <summary>True where it is typed, and left out otherwise.</summary>
    public static CommandField Flag(string member, string description)
    {
        var typed = new Option<bool>(NameOf(member)) { Description = description };
        return new CommandField(member, typed, parsed => parsed.GetValue(typed) ? true : null);
    }

    /// <summary>Several texts, each by an option of the same name.</summary>
    public static CommandField Texts(string member, string option, string description, bool required = false)
    {
        var typed = new Option<string[]>(NameOf(option))
        {
            Description = description,
            Required = required,
            AllowMultipleArgumentsPerToken = true,
        };
        return new CommandField(member, typed, parsed => parsed.GetValue(typed) is { Length: > 0 } texts
            ? new JsonArray([.. texts.Select(text => (JsonNode)text)])
            : null);
    }

    /// <summary>Several whole numbers, each by an option of the same name.</summary>
    public static CommandField Numbers(string member, string option, string description)
    {
        var typed = new Option<int[]>(NameOf(option)) { Description = description, AllowMultipleArgumentsPerToken = true };
        return new CommandField(member, typed, parsed => parsed.GetValue(typed) is { Length: > 0 } numbers
            ? new JsonArray([.. numbers.Select(number => (JsonNode)number)])
            : null);
    }

    /// <summary>What the command always says.</summary>
    public static CommandField Always(string member, JsonNode value) => new(member, null, _ => value.DeepClone());

    /// <summary>What was typed; null: nothing.</summary>
    public JsonNode? Read(ParseResult parsed) => _read(parsed);

    /// <summary>The body that says all that was typed.</summary>
    public static JsonObject BodyOf(IEnumerable<CommandField> says, ParseResult parsed)
    {
        var body = new JsonObject();
        foreach (var field in says)
        {
            if (field.Read(parsed) is { } value)
            {
                var at = body;
                var names = field.Member.Split('.');
                foreach (var name in names[..^1])
                {
                    at = (at[name] ??= new JsonObject()).AsObject();
                }

                at[names[^1]] = value;
            }
        }

        return body;
    }

    static string NameOf(string member) => "--" + member[(member.LastIndexOf('.') + 1)..].Replace('_', '-');
}
