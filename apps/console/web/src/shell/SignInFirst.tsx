import { Navigate, useLocation } from '@tanstack/react-router';
import { isSignedOut } from '../api/session.ts';

/** Leads to the sign-in page where the server says that nobody is signed in, and from there back. */
export function SignInFirst({ error }: { readonly error: Error | null }) {
  const { pathname, href } = useLocation();
  if (!isSignedOut(error) || pathname === '/sign-in') return null;
  return <Navigate to="/sign-in" search={{ back: href }} replace />;
}
