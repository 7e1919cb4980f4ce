namespace Sahab.Wire.Json;

/// <summary>Why a text is not JSON.</summary>
enum JsonFault : byte
{
    None = 0,
    EndOfText,
    UnexpectedByte,
    BadLiteral,
    BadNumber,
    UnterminatedString,
    ControlInString,
    BadEscape,
    ExpectedName,
    ExpectedColon,
    ExpectedCommaOrEnd,
    TooDeep,
    TrailingText,
}

/// <summary>The kind of the value that comes next.</summary>
enum JsonKind : byte
{
    None = 0,
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}
