namespace Sahab.Wire.OpenAI;

/// <summary>
/// Why a request is refused before any provider sees it. It is always the client's fault: status 400.
/// </summary>
/// <param name="Message">
/// What is wrong, where (byte offset, line and column when it is the syntax), and what would be right.
/// </param>
/// <param name="Param">
/// The member at fault, such as <c>messages[0].content</c>; null when it is the body as a whole.
/// </param>
/// <param name="Code">A code of the OpenAI API, such as <c>missing_required_parameter</c>.</param>
public readonly record struct RequestFault(string Message, string? Param, string Code)
{
    /// <summary>The error's type in the OpenAI API.</summary>
    public const string Type = "invalid_request_error";
}
