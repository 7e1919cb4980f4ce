using System.Collections;
using System.Globalization;
using System.Text;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>
/// A record of the configuration as text that stays the same as long as what it says does: only keys that differ from
/// their defaults, in the order of their names, numbers without the zeros that change nothing. So two readings can be
/// compared across restarts and releases.
/// </summary>
internal static class CanonicalText
{
    public static string Of(object record)
    {
        var text = new StringBuilder();
        Write(text, record);
        return text.ToString();
    }

    static void Write(StringBuilder text, object record)
    {
        var shape = RecordShape.Of(record.GetType());
        text.Append('{');
        foreach (var key in shape.Keys.OrderBy(key => key.Name, StringComparer.Ordinal))
        {
            var value = key.Property.GetValue(record);
            if (value is not null && (key.IsRequired || !IsDefault(value, key)))
            {
                text.Append(key.Name).Append('=');
                WriteValue(text, value, key);
                text.Append(';');
            }
        }

        text.Append('}');
    }

    static bool IsDefault(object value, KeyShape key) => value is IEnumerable and not string
        ? !((IEnumerable)value).Cast<object>().Any()
        : key.Kind == ValueKind.Record ? key.Default is not null && Of(value) == Of(key.Default) : value.Equals(key.Default);

    static void WriteValue(StringBuilder text, object value, KeyShape key)
    {
        switch (key.Kind)
        {
            case ValueKind.Record:
                Write(text, value);
                break;
            case ValueKind.RecordMap:
                foreach (var item in (IEnumerable)value)
                {
                    WriteText(text, (string)RecordShape.Of(item.GetType()).Id!.GetValue(item)!);
                    Write(text, item);
                }

                break;
            case ValueKind.Texts:
            case ValueKind.Choices when value is IEnumerable:
                foreach (var item in (IEnumerable)value)
                {
                    WriteText(text, item.ToString()!);
                }

                break;
            case ValueKind.Decimal:
                text.Append(((decimal)value).ToString("0.############################", CultureInfo.InvariantCulture));
                break;
            default:
                WriteText(text, Convert.ToString(value, CultureInfo.InvariantCulture)!);
                break;
        }
    }

    static void WriteText(StringBuilder text, string value) =>
        text.Append(CultureInfo.InvariantCulture, $"{value.Length}:{value}");
}
