using Microsoft.AspNetCore.Components;
using Sahab.Server.Portal.Languages;

namespace Sahab.Server.Portal;

/// <summary>A part of a page that says something: in the viewer's language.</summary>
public abstract class Spoken : ComponentBase
{
    [CascadingParameter]
    public Viewer Viewer { get; set; } = Viewer.Nobody;

    /// <summary>The words of the viewer's language.</summary>
    protected Language W => Viewer.Language;
}
