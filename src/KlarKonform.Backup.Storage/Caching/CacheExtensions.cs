namespace KlarKonform.Backup.Storage.Caching;

/// <summary>The way past a cache.</summary>
public static class CacheExtensions
{
    /// <summary>The store without a cache that lies in front of it: for whoever proves that the storage itself holds what it must. A store that
    /// has none is returned as it is. Not to be disposed: it belongs to the store that was given.</summary>
    public static IObjectStore PastCache(this IObjectStore store) => store is CachingObjectStore caching ? caching.Uncached : store;
}
