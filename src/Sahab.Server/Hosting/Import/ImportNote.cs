namespace Sahab.Server.Hosting.Import;

/// <summary>How well a line of the other gateway's configuration could be carried over.</summary>
internal enum ImportVerdict
{
    /// <summary>It means the same here.</summary>
    Exact,

    /// <summary>It means nearly the same here; the note says in what it differs.</summary>
    Approximate,

    /// <summary>Somebody must decide or fill in; the note says what.</summary>
    Manual,

    /// <summary>There is nothing like it here; the note says what to do instead.</summary>
    Unsupported,
}

/// <summary>What became of one line.</summary>
/// <param name="Line">Where it stands, from 1.</param>
/// <param name="Key">Its path, such as <c>model_list[0].litellm_params.rpm</c>.</param>
/// <param name="Text">What became of it, or what to do, without a full stop. Never holds a secret.</param>
internal sealed record ImportNote(int Line, string Key, ImportVerdict Verdict, string Text);
